// SPDX-License-Identifier: Apache-2.0
// Arguments of a call, by place and by name.
#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "core/text/jinja/context.h"

namespace gorgon::jinja {

struct Arguments
{
    Values positional;
    std::vector<std::pair<std::string, Value>> named;
    int names_source = kFromTemplate; // names behind '**' may be text of a message
};

void bindArguments(const Arguments& arguments, const std::string_view* names, std::size_t n_names,
    const Value** bound);

/// One pointer per parameter, nullptr where it was not given. Throws where arguments are left.
template <std::size_t N>
std::array<const Value*, N> bind(const Arguments& arguments, const std::string_view (&names)[N])
{
    std::array<const Value*, N> bound{};
    bindArguments(arguments, names, N, bound.data());
    return bound;
}

void expectNone(const Arguments& arguments);
const Value& required(const Value* value, std::string_view name);
std::int64_t intOr(const Value* value, std::int64_t otherwise);
bool truthOr(const Value* value, bool otherwise);
/// Throws where the value is no str.
const Text& textOf(const Value& value);

} // namespace gorgon::jinja
