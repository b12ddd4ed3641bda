// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/functions.h"

#include <map>

#include "core/text/jinja/operators.h"
#include "core/text/jinja/show.h"
#include "core/text/utf8.h"

namespace gorgon::jinja {

namespace {

constexpr std::int64_t kMaxRange = 100'000; // as the reference's sandbox has it

Value range(Context& context, Arguments& arguments)
{
    if (!arguments.named.empty() || arguments.positional.empty() || arguments.positional.size() > 3)
        throw Failure("expected one to three numbers for 'range', found something else");
    const auto number = [&](std::size_t i) { return intOr(&arguments.positional[i], 0); };
    const bool one = arguments.positional.size() == 1;
    const std::int64_t start = one ? 0 : number(0), stop = number(one ? 0 : 1);
    const std::int64_t step = arguments.positional.size() == 3 ? number(2) : 1;
    if (step == 0)
        throw Failure("expected a step that is not 0 for 'range', found 0");
    Values values;
    for (std::int64_t i = start; step > 0 ? i < stop : i > stop;) {
        if (values.size() == kMaxRange)
            throw Failure("expected a range of at most " + std::to_string(kMaxRange)
                + " numbers, found more");
        values.push_back(i);
        if (__builtin_add_overflow(i, step, &i))
            break;
    }
    return makeList(context.meter, std::move(values));
}

// A dictionary, pairs, and names with values.
Entries entriesOf(Context& context, Arguments& arguments)
{
    if (arguments.positional.size() > 1)
        throw Failure("expected one dictionary and named values, found more");
    Entries entries;
    for (const Value& given : arguments.positional) {
        if (const Dict* dict = given.asDict()) {
            entries = dict->entries;
            continue;
        }
        for (const Value& pair : elementsOf(context, given)) {
            const Values halves = elementsOf(context, pair);
            if (halves.size() != 2)
                throw Failure("expected pairs of keys and values, found something else");
            setEntry(context.meter, entries, halves[0], halves[1]);
        }
    }
    for (const auto& [name, value] : arguments.named)
        setEntry(context.meter, entries, context.text(name, arguments.names_source), value);
    return entries;
}

Value dict(Context& context, Arguments& arguments)
{
    return makeDict(context.meter, entriesOf(context, arguments));
}

// What a template may change. It can hold itself, so the context keeps it and empties it at the
// end.
class Namespace final : public Object
{
public:
    Namespace(Context& context, const Entries& entries)
        : m_held(context.meter, 256)
    {
        for (const auto& [key, value] : entries)
            m_values[jinja::show(context, key).bytes()] = value;
    }
    std::string typeName() const override { return "Namespace"; }
    Value attribute(Context& context, const std::string& name) const override
    {
        const auto at = m_values.find(name);
        return at == m_values.end() ? Object::attribute(context, name) : at->second;
    }
    bool assign(const std::string& name, const Value& value) override
    {
        m_values[name] = value;
        return true;
    }
    void forget() override { m_values.clear(); }

private:
    std::map<std::string, Value> m_values;
    Held m_held;
};

Value makeNamespace(Context& context, Arguments& arguments)
{
    auto made = std::make_shared<Namespace>(context, entriesOf(context, arguments));
    context.kept.push_back(made);
    return std::shared_ptr<Object>(std::move(made));
}

class Cycler final : public Object
{
public:
    explicit Cycler(Value items)
        : m_items(std::move(items))
    {
    }
    std::string typeName() const override { return "Cycler"; }
    int depth() const override { return m_items.depth(); }
    Value attribute(Context& context, const std::string& name) const override
    {
        if (name == "current")
            return current();
        if (name != "next" && name != "reset")
            return Object::attribute(context, name);
        return std::shared_ptr<Object>(
            std::make_shared<Function>(name, [this, name](Context&, Arguments& arguments) {
                expectNone(arguments);
                const Value now = current();
                m_at = name == "next" ? (m_at + 1) % m_items.asList()->items.size() : 0;
                return name == "next" ? now : Value(None{});
            }));
    }

private:
    const Value& current() const { return m_items.asList()->items[m_at]; }

    Value m_items;
    mutable std::size_t m_at = 0;
};

Value makeCycler(Context& context, Arguments& arguments)
{
    if (arguments.positional.empty() || !arguments.named.empty())
        throw Failure("expected items for 'cycler', found none");
    auto made = std::make_shared<Cycler>(makeList(context.meter, arguments.positional));
    context.kept.push_back(made);
    return std::shared_ptr<Object>(std::move(made));
}

Value makeJoiner(Context& context, Arguments& arguments)
{
    const auto [separator] = bind(arguments, {"sep"});
    const Value between = separator ? *separator : context.text(", ");
    auto used = std::make_shared<bool>(false);
    // note: the text is kept apart from the function, which may not hold lists.
    const Text text = show(context, between);
    return std::shared_ptr<Object>(
        std::make_shared<Function>("joiner", [used, text](Context& inside, Arguments& none) {
            expectNone(none);
            return inside.text(std::exchange(*used, true) ? text : Text());
        }));
}

Value raiseException(Context& context, Arguments& arguments)
{
    const auto [message] = bind(arguments, {"message"});
    constexpr std::size_t kMostBytes = 300;
    throw Failure("the template refuses these messages: "
        + toValidUtf8(show(context, required(message, "message")).bytes().substr(0, kMostBytes)));
}

Value strftimeNow(Context& context, Arguments& arguments)
{
    const auto [format] = bind(arguments, {"format"});
    const Text& text = textOf(required(format, "format"));
    return context.text(formatTime(context.now, text.bytes()), text.source());
}

} // namespace

Value globalFunction(std::string_view name)
{
    using Plain = Value (*)(Context&, Arguments&);
    static const std::map<std::string_view, Plain> functions{{"range", range}, {"dict", dict},
        {"namespace", makeNamespace}, {"cycler", makeCycler}, {"joiner", makeJoiner},
        {"raise_exception", raiseException}, {"strftime_now", strftimeNow}};
    const auto at = functions.find(name);
    if (at == functions.end())
        return {};
    return std::shared_ptr<Object>(std::make_shared<Function>(std::string(name), at->second));
}

} // namespace gorgon::jinja
