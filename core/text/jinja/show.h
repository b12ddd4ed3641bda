// SPDX-License-Identifier: Apache-2.0
// Values as text: str(), repr() and JSON, as Python writes them.
#pragma once

#include <optional>
#include <string>

#include "core/text/jinja/context.h"

namespace gorgon::jinja {

/// repr of a float: the shortest that reads back, "1e+16", "2.0", "nan".
std::string showFloat(double value);
/// str(); undefined is empty.
Text show(Context& context, const Value& value);
Text showQuoted(Context& context, const Value& value);

struct JsonStyle
{
    bool ensure_ascii = false;
    bool sort_keys = false;
    std::optional<Text> indent; // of one level; none: all in one line
    Text item_separator{", "};
    Text key_separator{": "};
};
/// Throws Failure where the value has no form in JSON.
Text showJson(Context& context, const Value& value, const JsonStyle& style);

} // namespace gorgon::jinja
