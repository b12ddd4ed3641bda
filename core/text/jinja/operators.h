// SPDX-License-Identifier: Apache-2.0
// Operators on values, with Python's meaning.
#pragma once

#include <optional>
#include <string_view>

#include "core/text/jinja/context.h"

namespace gorgon::jinja {

bool equal(Meter& meter, const Value& a, const Value& b);
/// Throws Failure where these have no order.
bool lessThan(Meter& meter, const Value& a, const Value& b);
/// a in b
bool contains(Meter& meter, const Value& container, const Value& item);
/// "==", "!=", "<", "<=", ">", ">=", "in", "not in"
bool compare(Meter& meter, std::string_view operation, const Value& a, const Value& b);

/// "+", "-", "*", "/", "//", "%", "**"
Value calculate(Context& context, std::string_view operation, const Value& a, const Value& b);
Value negative(const Value& value);
Value positive(const Value& value);

/// obj.name: methods first, then entries of a dictionary; undefined otherwise.
Value attributeOf(Context& context, const Value& value, const std::string& name);
/// obj[key]: items and entries first; undefined where there is none.
Value itemOf(Context& context, const Value& value, const Value& key);
/// obj[start:stop:step]; nullopt: left out.
Value sliceOf(Context& context, const Value& value, std::optional<std::int64_t> start,
    std::optional<std::int64_t> stop, std::optional<std::int64_t> step);
/// Follows "a.0.b"; what is missing becomes `otherwise` where there is one.
Value followPath(Context& context, Value value, const Value& path, const Value* otherwise);

/// What iterating yields: items, characters, keys. Throws Failure where it is none of these.
Values elementsOf(Context& context, const Value& value);
std::int64_t lengthOf(const Value& value);

} // namespace gorgon::jinja
