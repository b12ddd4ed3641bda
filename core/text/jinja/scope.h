// SPDX-License-Identifier: Apache-2.0
// Names and their values where a block sees them.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text/jinja/value.h"

namespace gorgon::jinja {

class Scope
{
public:
    explicit Scope(std::shared_ptr<Scope> outer)
        : m_outer(std::move(outer))
    {
    }

    /// nullptr where no block around has set it.
    const Value* find(std::string_view name) const
    {
        for (const Scope* scope = this; scope; scope = scope->m_outer.get())
            for (const auto& [each, value] : scope->m_values)
                if (each == name)
                    return &value;
        return nullptr;
    }

    /// name: of the template or of a variable handed in; it outlives the scope.
    void set(std::string_view name, Value value)
    {
        for (auto& [each, old] : m_values)
            if (each == name) {
                old = std::move(value);
                return;
            }
        m_values.emplace_back(name, std::move(value));
    }

    void clear() { m_values.clear(); }

private:
    std::shared_ptr<Scope> m_outer;
    std::vector<std::pair<std::string_view, Value>> m_values;
};

using ScopePtr = std::shared_ptr<Scope>;

} // namespace gorgon::jinja
