// SPDX-License-Identifier: Apache-2.0
// JSON as values of a template.
#pragma once

#include <nlohmann/json.hpp>

#include "core/text/jinja/context.h"

namespace gorgon::jinja {

/// source: where its texts and numbers count as coming from. Throws Failure where it is nested
/// deeper than values may be.
Value fromJson(Context& context, const nlohmann::ordered_json& json, int source, int depth = 0);

} // namespace gorgon::jinja
