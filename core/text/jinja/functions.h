// SPDX-License-Identifier: Apache-2.0
// What every template can call: range, dict, namespace, cycler, joiner, raise_exception and
// strftime_now.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/text/jinja/arguments.h"

namespace gorgon::jinja {

/// A function as a value.
class Function final : public Object
{
public:
    using Body = std::function<Value(Context&, Arguments&)>;
    Function(std::string name, Body body)
        : m_name(std::move(name))
        , m_body(std::move(body))
    {
    }
    std::string typeName() const override { return "function"; }
    std::string show() const override { return "<function " + m_name + ">"; }
    bool isCallable() const override { return true; }
    Value call(Context& context, Arguments& arguments) override
    {
        return m_body(context, arguments);
    }

private:
    std::string m_name;
    Body m_body;
};

/// Undefined where there is none of that name.
Value globalFunction(std::string_view name);
/// strftime with English names, whatever the locale.
std::string formatTime(const std::tm& time, std::string_view format);

} // namespace gorgon::jinja
