// SPDX-License-Identifier: Apache-2.0
// Methods of str, list and dict that change nothing.
#pragma once

#include "core/text/jinja/arguments.h"

namespace gorgon::jinja {

using Method = Value (*)(Context& context, const Value& self, Arguments& arguments);

Method findTextMethod(std::string_view name);
/// Undefined where values of this type have no such method.
Value methodOf(const Value& self, const std::string& name);

/// What filters share with methods.
Text changedCase(const Text& text, std::string (*change)(std::string_view));
Text capitalized(const Text& text);
Text stripped(const Text& text, const Value* characters, bool front, bool back);
Text replacedText(
    Context& context, const Text& text, const Text& old, const Text& by, std::int64_t most);
Text joinedTexts(Context& context, const Text& separator, const Values& values);
std::vector<Text> linesOf(const Text& text, bool keep_ends);
Text padded(
    Context& context, const Text& text, std::int64_t width, const Text& fill, double left_share);

} // namespace gorgon::jinja
