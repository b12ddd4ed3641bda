// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/from_json.h"

#include <limits>

namespace gorgon::jinja {

Value fromJson(Context& context, const nlohmann::ordered_json& json, int source, int depth)
{
    if (depth > kMaxValueDepth)
        throw Failure(
            "expected JSON nested at most " + std::to_string(kMaxValueDepth) + " deep, found more");
    if (json.is_boolean())
        return json.get<bool>();
    if (json.is_number_unsigned()
        && json.get<std::uint64_t>() > std::uint64_t(std::numeric_limits<std::int64_t>::max()))
        throw Failure("expected numbers of 64 bits, found a larger one");
    if (json.is_number_integer())
        return {json.get<std::int64_t>(), source};
    if (json.is_number_float())
        return {json.get<double>(), source};
    if (json.is_string())
        return context.text(json.get<std::string>(), source);
    if (json.is_array()) {
        Values items;
        for (const auto& item : json)
            items.push_back(fromJson(context, item, source, depth + 1));
        return makeList(context.meter, std::move(items));
    }
    if (!json.is_object())
        return None{};
    Entries entries;
    for (const auto& [key, value] : json.items())
        entries.emplace_back(
            context.text(key, source), fromJson(context, value, source, depth + 1));
    return makeDict(context.meter, std::move(entries));
}

} // namespace gorgon::jinja
