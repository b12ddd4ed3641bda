// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "core/text/jinja/methods.h"
#include "core/text/jinja/operators.h"

namespace gorgon::jinja {

namespace {

class BoundMethod final : public Object
{
public:
    BoundMethod(Value self, std::string name, Method method)
        : m_self(std::move(self))
        , m_name(std::move(name))
        , m_method(method)
    {
    }
    std::string typeName() const override { return "builtin_function_or_method"; }
    std::string show() const override
    {
        return "<built-in method " + m_name + " of " + m_self.typeName() + " object>";
    }
    int depth() const override { return m_self.depth(); }
    bool isCallable() const override { return true; }
    Value call(Context& context, Arguments& arguments) override
    {
        return m_method(context, m_self, arguments);
    }

private:
    Value m_self;
    std::string m_name;
    Method m_method = nullptr;
};

Value items(Context& context, const Value& self, Arguments& arguments)
{
    expectNone(arguments);
    Values pairs;
    for (const auto& [key, value] : self.asDict()->entries)
        pairs.push_back(makeTuple(context.meter, {key, value}));
    return makeList(context.meter, std::move(pairs));
}

template <bool keys> Value halves(Context& context, const Value& self, Arguments& arguments)
{
    expectNone(arguments);
    Values values;
    for (const auto& [key, value] : self.asDict()->entries)
        values.push_back(keys ? key : value);
    return makeList(context.meter, std::move(values));
}

Value get(Context& context, const Value& self, Arguments& arguments)
{
    const auto [key, otherwise] = bind(arguments, {"key", "default"});
    if (const Value* value = self.asDict()->find(context.meter, required(key, "key")))
        return *value;
    return otherwise ? *otherwise : Value(None{});
}

Value copy(Context&, const Value& self, Arguments& arguments)
{
    expectNone(arguments);
    return self;
}

Value index(Context& context, const Value& self, Arguments& arguments)
{
    const auto [wanted] = bind(arguments, {"value"});
    const Values& values = self.asList()->items;
    for (std::size_t i = 0; i < values.size(); ++i)
        if (equal(context.meter, values[i], required(wanted, "value")))
            return static_cast<std::int64_t>(i);
    throw Failure("expected a list that holds the value, found one that does not");
}

Value count(Context& context, const Value& self, Arguments& arguments)
{
    const auto [wanted] = bind(arguments, {"value"});
    std::int64_t n = 0;
    for (const Value& each : self.asList()->items)
        n += equal(context.meter, each, required(wanted, "value")) ? 1 : 0;
    return n;
}

Method findMethod(const Value& self, std::string_view name)
{
    static const std::map<std::string_view, Method> of_dict{{"items", items},
        {"keys", halves<true>}, {"values", halves<false>}, {"get", get}, {"copy", copy}};
    static const std::map<std::string_view, Method> of_list{
        {"index", index}, {"count", count}, {"copy", copy}};
    if (self.isText())
        return findTextMethod(name);
    if (!self.asDict() && !self.asList())
        return nullptr;
    if (self.asList() && self.asList()->is_tuple && name == "copy")
        return nullptr;
    const auto& methods = self.asDict() ? of_dict : of_list;
    const auto at = methods.find(name);
    return at == methods.end() ? nullptr : at->second;
}

} // namespace

Value methodOf(const Value& self, const std::string& name)
{
    const Method method = findMethod(self, name);
    if (!method)
        return {};
    return std::shared_ptr<Object>(std::make_shared<BoundMethod>(self, name, method));
}

} // namespace gorgon::jinja
