// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/arguments.h"

namespace gorgon::jinja {

void bindArguments(const Arguments& arguments, const std::string_view* names, std::size_t n_names,
    const Value** bound)
{
    if (arguments.positional.size() > n_names)
        throw Failure("expected at most " + std::to_string(n_names) + " arguments, found "
            + std::to_string(arguments.positional.size()));
    for (std::size_t i = 0; i < arguments.positional.size(); ++i)
        bound[i] = &arguments.positional[i];
    for (const auto& [name, value] : arguments.named) {
        std::size_t i = 0;
        while (i < n_names && names[i] != name)
            ++i;
        if (i == n_names)
            throw Failure("expected known arguments, found '" + name + "'");
        if (bound[i])
            throw Failure("expected argument '" + name + "' once, found it twice");
        bound[i] = &value;
    }
}

void expectNone(const Arguments& arguments)
{
    bindArguments(arguments, nullptr, 0, nullptr);
}

const Value& required(const Value* value, std::string_view name)
{
    if (!value)
        throw Failure("expected argument '" + std::string(name) + "', found none");
    return *value;
}

std::int64_t intOr(const Value* value, std::int64_t otherwise)
{
    if (!value)
        return otherwise;
    if (const auto number = value->asInt())
        return *number;
    throw Failure("expected an int as argument, found a " + value->typeName());
}

bool truthOr(const Value* value, bool otherwise)
{
    return value ? value->truth() : otherwise;
}

const Text& textOf(const Value& value)
{
    if (const Text* text = value.asText())
        return *text;
    if (value.isUndefined())
        throw Failure("expected a str, found that " + value.what() + " is undefined");
    throw Failure("expected a str, found a " + value.typeName());
}

} // namespace gorgon::jinja
