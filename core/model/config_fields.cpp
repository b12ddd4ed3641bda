// SPDX-License-Identifier: Apache-2.0
#include "core/model/config_fields.h"

#include <cmath>

#include "core/model/file_error.h"

namespace gorgon {

using nlohmann::json;

const json* ConfigFields::find(const char* name) const
{
    const auto place = m_object.find(name);
    return place == m_object.end() || place->is_null() ? nullptr : &*place;
}

int64_t ConfigFields::integer(const char* name, int64_t low, int64_t high) const
{
    const json* value = find(name);
    if (!value)
        fail(name, "is missing");
    // Anything beyond int64 is refused too: as an unsigned above it, or as a float.
    if (!value->is_number_integer()
        || (value->is_number_unsigned() && value->get<uint64_t>() > uint64_t(INT64_MAX)))
        expect(name, "an integer", *value);
    const int64_t number = value->get<int64_t>();
    if (number < low || number > high)
        expect(name, std::to_string(low) + " to " + std::to_string(high), *value);
    return number;
}

int64_t ConfigFields::integer(const char* name, int64_t low, int64_t high, int64_t absent) const
{
    return find(name) ? integer(name, low, high) : absent;
}

double ConfigFields::positive(const char* name, double high) const
{
    const json* value = find(name);
    if (!value)
        fail(name, "is missing");
    const double number = value->is_number() ? value->get<double>() : NAN;
    if (!(number > 0))
        expect(name, "a number above 0", *value);
    if (number > high)
        expect(name, "at most " + json(high).dump(), *value);
    return number;
}

double ConfigFields::positive(const char* name, double high, double absent) const
{
    return find(name) ? positive(name, high) : absent;
}

bool ConfigFields::boolean(const char* name, bool absent) const
{
    const json* value = find(name);
    if (value && !value->is_boolean())
        expect(name, "true or false", *value);
    return value ? value->get<bool>() : absent;
}

std::string ConfigFields::text(const char* name) const
{
    const json* value = find(name);
    if (value && !value->is_string())
        expect(name, "text", *value);
    return value ? value->get<std::string>() : "";
}

std::vector<int> ConfigFields::ids(const char* name) const
{
    std::vector<int> result;
    const json* value = find(name);
    if (!value)
        return result;
    const json list = value->is_array() ? *value : json::array({*value});
    for (const json& id : list) {
        if (!id.is_number_integer())
            expect(name, "a token id or a list of them", *value);
        if (id.is_number_unsigned() && id.get<uint64_t>() < uint64_t(kMaxVocab))
            result.push_back(id.get<int>());
    }
    return result;
}

void ConfigFields::expect(const char* name, const std::string& what, const json& found) const
{
    const std::string value = found.is_string() ? "\"" + found.get<std::string>() + "\""
        : found.is_primitive()                  ? found.dump()
        : found.is_array()                      ? "a list"
                                                : "an object";
    fail(name, "must be " + what + ", found " + shown(value, 60));
}

void ConfigFields::fail(const char* name, const std::string& sentence) const
{
    failFile(m_file, m_prefix + name + " " + sentence);
}

} // namespace gorgon
