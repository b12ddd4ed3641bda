// SPDX-License-Identifier: Apache-2.0
// A template rendered with variables from JSON, on a Sunday in 2026.
#pragma once

#include <nlohmann/json.hpp>

#include "core/text/jinja/from_json.h"
#include "core/text/jinja/template.h"

namespace gorgon::tests {

inline jinja::Text renderJinja(const std::string& source,
    const nlohmann::ordered_json& variables = nlohmann::ordered_json::object(),
    const jinja::Limits& limits = {}, int origin = jinja::kFromVariables)
{
    std::tm now{};
    now.tm_year = 126;
    now.tm_mon = 6;
    now.tm_mday = 5;
    now.tm_hour = 9;
    now.tm_min = 8;
    now.tm_sec = 7;
    now.tm_yday = 185;
    const auto define = [&](jinja::Context& context, jinja::Scope& scope) {
        for (const auto& [name, value] : variables.items())
            scope.set(name, fromJson(context, value, origin));
    };
    return jinja::Template(source, "a test").render(define, now, limits);
}

} // namespace gorgon::tests
