// SPDX-License-Identifier: Apache-2.0
#include "core/text/json_options.h"

#include <algorithm>
#include <stdexcept>

namespace gorgon {

namespace {

constexpr std::size_t kMaxParts = 32;
constexpr std::size_t kShownBytes = 60;

std::string shown(const nlohmann::json& value)
{
    if (value.is_object() || value.is_array())
        return value.is_object() ? "an object" : "a list";
    const std::string text = value.dump(-1, ' ', true);
    return text.size() <= kShownBytes ? text : text.substr(0, kShownBytes) + "...";
}

} // namespace

void JsonPart::refuse(const std::string& expected, const std::string& found) const
{
    throw std::runtime_error(where + ": expected " + expected + ", found " + found
        + "; choose a model with another tokenizer file");
}

bool JsonPart::has(const char* key) const
{
    if (!json->is_object())
        refuse("an object", shown(*json));
    const auto found = json->find(key);
    return found != json->end() && !found->is_null();
}

JsonPart JsonPart::at(const char* key) const
{
    if (!has(key))
        refuse(std::string("a field \"") + key + "\"", "none");
    return {&(*json)[key], where + "." + key};
}

std::string JsonPart::text(const char* key) const
{
    const JsonPart value = at(key);
    if (!value.json->is_string())
        value.refuse("a text", shown(*value.json));
    return value.json->get<std::string>();
}

std::string JsonPart::text(const char* key, const std::string& otherwise) const
{
    return has(key) ? text(key) : otherwise;
}

std::string JsonPart::type() const
{
    return text("type");
}

bool JsonPart::flag(const char* key, bool otherwise) const
{
    if (!has(key))
        return otherwise;
    const JsonPart value = at(key);
    if (!value.json->is_boolean())
        value.refuse("true or false", shown(*value.json));
    return value.json->get<bool>();
}

int JsonPart::number(const char* key, int otherwise, int max) const
{
    if (!has(key))
        return otherwise;
    const JsonPart value = at(key);
    if (!value.json->is_number_unsigned() || value.json->get<std::uint64_t>() > std::uint64_t(max))
        value.refuse("a number from 0 to " + std::to_string(max), shown(*value.json));
    return value.json->get<int>();
}

std::vector<JsonPart> flattened(const JsonPart& part, const char* list_key)
{
    std::vector<JsonPart> parts, open{part}; // open: the next one last
    while (!open.empty()) {
        const JsonPart next = open.back();
        open.pop_back();
        if (next.json->is_null())
            continue;
        if (next.type() != "Sequence") {
            parts.push_back(next);
            continue;
        }
        const JsonPart list = next.at(list_key);
        if (!list.json->is_array())
            list.refuse("a list", shown(*list.json));
        if (list.json->size() + parts.size() + open.size() > kMaxParts)
            list.refuse("at most " + std::to_string(kMaxParts) + " parts", "more");
        for (std::size_t i = list.json->size(); i-- > 0;)
            open.push_back({&(*list.json)[i], list.where + "[" + std::to_string(i) + "]"});
    }
    return parts;
}

} // namespace gorgon
