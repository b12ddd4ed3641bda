// SPDX-License-Identifier: Apache-2.0
// The `loop` of a for block.
#pragma once

#include "core/text/jinja/arguments.h"

namespace gorgon::jinja {

class Loop final : public Object, public std::enable_shared_from_this<Loop>
{
public:
    /// items: a list.
    explicit Loop(Value items)
        : m_items(std::move(items))
    {
    }

    void moveTo(std::size_t index) { m_index = index; }
    std::string typeName() const override { return "LoopContext"; }
    int depth() const override { return m_items.depth(); }
    Value attribute(Context& context, const std::string& name) const override;
    void forget() override { m_changed = {}; }

private:
    Value cycle(Context& context, Arguments& arguments) const;
    Value changed(Context& context, Arguments& arguments);

    Value m_items;
    Value m_changed; // what changed() saw last, a tuple
    std::size_t m_index = 0;
};

} // namespace gorgon::jinja
