// SPDX-License-Identifier: Apache-2.0
// A template in the part of Jinja that chat templates are written in, with the settings of the
// reference: trim_blocks, lstrip_blocks, loop controls, a sandbox in which no list changes.
#pragma once

#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/text/jinja/ast.h"
#include "core/text/jinja/context.h"
#include "core/text/jinja/scope.h"

namespace gorgon::jinja {

class Template
{
public:
    /// what: names the template in errors. Throws std::runtime_error with line and column.
    Template(std::string_view source, std::string what);

    /// define: sets the variables; their names must outlive the call. Throws std::runtime_error.
    Text render(const std::function<void(Context&, Scope&)>& define, const std::tm& now,
        const Limits& limits = {}) const;

    const std::string& source() const { return m_source; }

private:
    std::string place(std::uint32_t at) const;

    std::string m_what;
    std::string m_source; // normalized
    std::shared_ptr<const Block> m_body;
};

} // namespace gorgon::jinja
