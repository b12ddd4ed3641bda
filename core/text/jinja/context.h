// SPDX-License-Identifier: Apache-2.0
// What one rendering shares: its limits, its clock and the objects that live until its end.
#pragma once

#include <ctime>
#include <memory>
#include <string_view>
#include <vector>

#include "core/text/jinja/meter.h"
#include "core/text/jinja/value.h"

namespace gorgon::jinja {

// Expressions in expressions and macros in macros; each level is a few hundred bytes of stack.
inline constexpr int kMaxCallDepth = 600;

struct Context
{
    Context(const Limits& limits, const std::tm& time)
        : meter(limits)
        , now(time)
    {
    }

    Value text(Text text) { return Value::text(meter, std::move(text)); }
    Value text(std::string bytes, int source = kFromTemplate)
    {
        return text(Text(std::move(bytes), source));
    }

    ~Context()
    {
        for (const auto& object : kept)
            object->forget();
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    Meter meter;
    std::tm now; // local time
    int depth = 0;
    std::vector<std::shared_ptr<Object>> kept; // to the end, whoever else holds them
};

/// Counts a level of evaluation. Throws Failure where there are too many.
class Level
{
public:
    explicit Level(Context& context)
        : m_context(context)
    {
        if (m_context.depth >= kMaxCallDepth)
            throw Failure("expected calls nested less deep; the template calls itself too often");
        ++m_context.depth;
    }
    ~Level() { --m_context.depth; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

private:
    Context& m_context;
};

} // namespace gorgon::jinja
