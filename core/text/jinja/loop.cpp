// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/loop.h"

#include "core/text/jinja/functions.h"
#include "core/text/jinja/operators.h"

namespace gorgon::jinja {

Value Loop::attribute(Context& context, const std::string& name) const
{
    const Values& items = m_items.asList()->items;
    const auto index = static_cast<std::int64_t>(m_index);
    const auto length = static_cast<std::int64_t>(items.size());
    if (name == "index")
        return index + 1;
    if (name == "index0")
        return index;
    if (name == "revindex")
        return length - index;
    if (name == "revindex0")
        return length - index - 1;
    if (name == "first")
        return index == 0;
    if (name == "last")
        return index + 1 == length;
    if (name == "length")
        return length;
    if (name == "depth")
        return std::int64_t(1);
    if (name == "depth0")
        return std::int64_t(0);
    if (name == "previtem")
        return index > 0 ? items[m_index - 1] : Value::undefined("the item before the first");
    if (name == "nextitem")
        return index + 1 < length ? items[m_index + 1]
                                  : Value::undefined("the item behind the last");
    if (name != "cycle" && name != "changed")
        return Object::attribute(context, name);
    const auto self = std::const_pointer_cast<Loop>(shared_from_this());
    return std::shared_ptr<Object>(std::make_shared<Function>(
        name, [self, cycles = name == "cycle"](Context& inside, Arguments& arguments) {
            return cycles ? self->cycle(inside, arguments) : self->changed(inside, arguments);
        }));
}

Value Loop::cycle(Context&, Arguments& arguments) const
{
    if (arguments.positional.empty() || !arguments.named.empty())
        throw Failure("expected values for 'cycle', found none");
    return arguments.positional[m_index % arguments.positional.size()];
}

Value Loop::changed(Context& context, Arguments& arguments)
{
    if (!arguments.named.empty())
        throw Failure("expected values for 'changed', found names");
    Value now = makeTuple(context.meter, arguments.positional);
    if (!m_changed.isUndefined() && equal(context.meter, m_changed, now))
        return false;
    m_changed = std::move(now);
    return true;
}

} // namespace gorgon::jinja
