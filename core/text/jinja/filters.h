// SPDX-License-Identifier: Apache-2.0
// Filters, {{ value | name(arguments) }}, and tests, {{ value is name(arguments) }}.
#pragma once

#include <map>
#include <string_view>

#include "core/text/jinja/arguments.h"

namespace gorgon::jinja {

using Filter = Value (*)(Context& context, const Value& value, Arguments& arguments);
using Test = bool (*)(Context& context, const Value& value, Arguments& arguments);
using FilterTable = std::map<std::string_view, Filter>;

/// nullptr where there is none of that name.
Filter findFilter(std::string_view name);
Test findTest(std::string_view name);

/// By name; throws Failure where there is none.
Value applyFilter(
    Context& context, const std::string& name, const Value& value, Arguments& arguments);
bool applyTest(Context& context, const std::string& name, const Value& value, Arguments& arguments);

const FilterTable& textFilters();
const FilterTable& listFilters();
const FilterTable& orderFilters();
const FilterTable& numberFilters();

} // namespace gorgon::jinja
