// SPDX-License-Identifier: Apache-2.0
#include "core/hub/hub_json.h"

#include "core/hub/hub_error.h"
#include "core/hub/hub_names.h"

namespace gorgon {

namespace {

using nlohmann::json;

[[noreturn]] void refuse(std::string_view what, const std::string& sentence)
{
    throw HubError(HubErrorKind::badReply,
        std::string(what) + ": " + sentence + "; try again or change the mirror");
}

const json* present(const json& object, const char* name)
{
    if (!object.is_object())
        return nullptr;
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

} // namespace

json parseHubJson(std::string_view text, std::string_view what)
{
    const size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin != text.npos && text[begin] == '<')
        throw HubError(HubErrorKind::notAHub,
            std::string(what)
                + ": the hub's answer was expected, a web page was found; log in to this network "
                  "in "
                  "a browser, or check the proxy and the mirror");
    if (!isValidUtf8Text(text))
        refuse(what, "JSON was expected, invalid UTF-8 was found");
    size_t n_values = 0;
    const auto count = [&](int depth, json::parse_event_t, json&) {
        if (depth > kMaxHubJsonDepth)
            refuse(what,
                "JSON of at most " + std::to_string(kMaxHubJsonDepth)
                    + " levels was expected, it nests deeper");
        if (++n_values > kMaxHubJsonValues)
            refuse(what,
                "JSON of at most " + std::to_string(kMaxHubJsonValues)
                    + " values was expected, it holds more");
        return true;
    };
    try {
        return json::parse(text, count);
    } catch (const json::exception& error) {
        std::string_view reason = error.what();
        if (const size_t end = reason.find("] "); end != reason.npos)
            reason.remove_prefix(end + 2);
        refuse(what, "JSON was expected: " + printable(reason, 160));
    }
}

std::string textField(const json& object, const char* name, std::string_view what)
{
    const json* value = present(object, name);
    if (!value)
        return {};
    if (!value->is_string())
        refuse(what, std::string("\"") + name + "\" is expected to be a text");
    return value->get<std::string>();
}

uint64_t sizeField(const json& object, const char* name, std::string_view what)
{
    const json* value = present(object, name);
    if (!value)
        return 0;
    if (!value->is_number_unsigned() || value->get<uint64_t>() > kMaxFileBytes)
        refuse(what,
            std::string("\"") + name + "\" is expected to be a number from 0 to "
                + std::to_string(kMaxFileBytes) + ", found " + printable(value->dump(), 40));
    return value->get<uint64_t>();
}

bool flagField(const json& object, const char* name)
{
    const json* value = present(object, name);
    return value && value->is_boolean() && value->get<bool>();
}

std::vector<std::string> textsField(const json& object, const char* name, std::string_view what)
{
    const json* value = present(object, name);
    if (!value)
        return {};
    if (value->is_string())
        return {value->get<std::string>()};
    if (!value->is_array())
        refuse(what, std::string("\"") + name + "\" is expected to be a list of texts");
    std::vector<std::string> texts;
    for (const json& each : *value)
        if (each.is_string())
            texts.push_back(each.get<std::string>());
    return texts;
}

} // namespace gorgon
