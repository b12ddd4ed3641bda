// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text/jinja/characters.h"
#include "core/text/jinja/filters.h"
#include "core/text/jinja/operators.h"
#include "core/text/jinja/show.h"

namespace gorgon::jinja {

namespace {

Value length(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    if (const Text* text = value.asText())
        context.meter.step(text->size() / 64);
    return lengthOf(value);
}

Value first(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    if (value.isText())
        return itemOf(context, value, std::int64_t(0));
    const Values items = elementsOf(context, value);
    return items.empty() ? Value::undefined("the first item of nothing") : items.front();
}

Value last(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    if (value.isText())
        return itemOf(context, value, std::int64_t(-1));
    const Values items = elementsOf(context, value);
    return items.empty() ? Value::undefined("the last item of nothing") : items.back();
}

Value list(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    return makeList(context.meter, elementsOf(context, value));
}

Value items(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    Values pairs;
    if (const Dict* dict = value.asDict())
        for (const auto& [key, each] : dict->entries)
            pairs.push_back(makeTuple(context.meter, {key, each}));
    else if (!value.isUndefined())
        throw Failure("expected a dictionary for 'items', found a " + value.typeName());
    return makeList(context.meter, std::move(pairs));
}

Value otherwise(Context& context, const Value& value, Arguments& args)
{
    const auto [instead, by_truth] = bind(args, {"default_value", "boolean"});
    if (value.isUndefined() || (truthOr(by_truth, false) && !value.truth()))
        return instead ? *instead : context.text(Text());
    return value;
}

Value reverse(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    if (value.isText())
        return sliceOf(context, value, std::nullopt, std::nullopt, -1);
    Values items = elementsOf(context, value);
    std::ranges::reverse(items);
    return makeList(context.meter, std::move(items));
}

const Value* named(const Arguments& args, std::string_view name)
{
    for (const auto& [each, value] : args.named)
        if (each == name)
            return &value;
    return nullptr;
}

// The first argument as a name; the others are left for what it names.
std::string takeName(Arguments& args, const char* what)
{
    if (args.positional.empty())
        throw Failure(std::string("expected the name of a ") + what + ", found none");
    std::string name = textOf(args.positional.front()).bytes();
    args.positional.erase(args.positional.begin());
    return name;
}

// Whatever is false has no items for map and select, be it None or a number.
Values itemsIn(Context& context, const Value& value)
{
    return value.truth() ? elementsOf(context, value) : Values();
}

Value map(Context& context, const Value& value, Arguments& args)
{
    Values items = itemsIn(context, value);
    if (args.positional.empty() && named(args, "attribute")) {
        const auto [path, instead] = bind(args, {"attribute", "default"});
        const Value* missing = instead && !instead->isNone() ? instead : nullptr;
        for (Value& item : items)
            item = followPath(context, item, *path, missing);
    } else {
        const std::string name = takeName(args, "filter");
        for (Value& item : items) {
            Arguments same = args;
            item = applyFilter(context, name, item, same);
        }
    }
    return makeList(context.meter, std::move(items));
}

template <bool by_attribute, bool wanted>
Value select(Context& context, const Value& value, Arguments& args)
{
    Value path;
    if (by_attribute) {
        if (args.positional.empty())
            throw Failure("expected the name of an attribute, found none");
        path = args.positional.front();
        args.positional.erase(args.positional.begin());
    }
    const std::string test = args.positional.empty() ? "" : takeName(args, "test");
    Values chosen;
    for (const Value& item : itemsIn(context, value)) {
        const Value judged = by_attribute ? followPath(context, item, path, nullptr) : item;
        Arguments same = args;
        const bool truth = test.empty() ? judged.truth() : applyTest(context, test, judged, same);
        if (truth == wanted)
            chosen.push_back(item);
    }
    return makeList(context.meter, std::move(chosen));
}

Value batch(Context& context, const Value& value, Arguments& args)
{
    const auto [count, fill] = bind(args, {"linecount", "fill_with"});
    const std::int64_t n = intOr(&required(count, "linecount"), 1);
    if (n < 1 || n > 100'000)
        throw Failure("expected lines of 1 to 100000 items, found another number");
    Values lines, line;
    for (const Value& item : elementsOf(context, value)) {
        if (static_cast<std::int64_t>(line.size()) == n)
            lines.push_back(makeList(context.meter, std::exchange(line, {})));
        line.push_back(item);
    }
    if (!line.empty()) {
        if (fill && !fill->isNone())
            line.resize(static_cast<std::size_t>(n), *fill);
        lines.push_back(makeList(context.meter, std::move(line)));
    }
    return makeList(context.meter, std::move(lines));
}

Value attr(Context& context, const Value& value, Arguments& args)
{
    const auto [name] = bind(args, {"name"});
    const std::string& wanted = textOf(required(name, "name")).bytes();
    if (value.asDict() && !value.asDict()->find(wanted))
        return attributeOf(context, value, wanted);
    // Entries of a dictionary are no attributes.
    if (value.asDict())
        return Value::undefined("the attribute '" + wanted + "'");
    return attributeOf(context, value, wanted);
}

} // namespace

const FilterTable& listFilters()
{
    static const FilterTable filters{{"length", length}, {"count", length}, {"first", first},
        {"last", last}, {"list", list}, {"items", items}, {"default", otherwise}, {"d", otherwise},
        {"reverse", reverse}, {"map", map}, {"select", select<false, true>},
        {"reject", select<false, false>}, {"selectattr", select<true, true>},
        {"rejectattr", select<true, false>}, {"batch", batch}, {"attr", attr}};
    return filters;
}

} // namespace gorgon::jinja
