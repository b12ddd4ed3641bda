// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/operators.h"

#include <algorithm>

#include "core/text/jinja/characters.h"

namespace gorgon::jinja {

namespace {

bool equalLists(Meter& meter, const List& a, const List& b)
{
    if (a.is_tuple != b.is_tuple || a.items.size() != b.items.size())
        return false;
    for (std::size_t i = 0; i < a.items.size(); ++i)
        if (!equal(meter, a.items[i], b.items[i]))
            return false;
    return true;
}

bool equalDicts(Meter& meter, const Dict& a, const Dict& b)
{
    if (a.entries.size() != b.entries.size())
        return false;
    for (const auto& [key, value] : a.entries) {
        const Value* other = b.find(meter, key);
        if (!other || !equal(meter, value, *other))
            return false;
    }
    return true;
}

[[noreturn]] void refuseOrder(const Value& a, const Value& b)
{
    for (const Value* value : {&a, &b})
        if (value->isUndefined())
            throw Failure("expected values that have an order, found that " + value->what()
                + " is undefined");
    throw Failure(
        "expected values that have an order, found a " + a.typeName() + " and a " + b.typeName());
}

} // namespace

// As deep as values are nested, at most kMaxValueDepth.
bool equal(Meter& meter, const Value& a, const Value& b)
{
    meter.step();
    if (a.isInt() && b.isInt())
        return *a.asInt() == *b.asInt();
    if (a.isNumber() && b.isNumber())
        return *a.asDouble() == *b.asDouble();
    if (const Text* x = a.asText(), *y = b.asText(); x && y) {
        meter.step(std::min(x->size(), y->size()) / 64);
        return x->bytes() == y->bytes();
    }
    if (const List* x = a.asList(), *y = b.asList(); x && y)
        return x == y || equalLists(meter, *x, *y);
    if (const Dict* x = a.asDict(), *y = b.asDict(); x && y)
        return x == y || equalDicts(meter, *x, *y);
    if (a.asObject() || b.asObject())
        return a.asObject() == b.asObject();
    return (a.isNone() && b.isNone()) || (a.isUndefined() && b.isUndefined());
}

bool lessThan(Meter& meter, const Value& a, const Value& b)
{
    meter.step();
    if (a.isInt() && b.isInt())
        return *a.asInt() < *b.asInt();
    if (a.isNumber() && b.isNumber())
        return *a.asDouble() < *b.asDouble();
    if (const Text* x = a.asText(), *y = b.asText(); x && y) {
        meter.step(std::min(x->size(), y->size()) / 64);
        return x->bytes() < y->bytes();
    }
    const List *x = a.asList(), *y = b.asList();
    if (!x || !y || x->is_tuple != y->is_tuple)
        refuseOrder(a, b);
    const std::size_t n = std::min(x->items.size(), y->items.size());
    for (std::size_t i = 0; i < n; ++i)
        if (!equal(meter, x->items[i], y->items[i]))
            return lessThan(meter, x->items[i], y->items[i]);
    return x->items.size() < y->items.size();
}

bool contains(Meter& meter, const Value& container, const Value& item)
{
    if (const Text* text = container.asText()) {
        const Text* part = item.asText();
        if (!part)
            throw Failure("expected a str to look for in a str, found a " + item.typeName());
        meter.step(text->size() / 32);
        return findText(text->bytes(), part->bytes()) != std::string::npos;
    }
    if (const List* list = container.asList())
        return std::ranges::any_of(
            list->items, [&](const Value& each) { return equal(meter, each, item); });
    if (const Dict* dict = container.asDict()) {
        if (item.asDict() || (item.asList() && !item.asList()->is_tuple))
            throw Failure("expected a key of a dictionary, found a " + item.typeName());
        return dict->find(meter, item) != nullptr;
    }
    if (container.isUndefined())
        return false;
    throw Failure("expected something to look in behind 'in', found a " + container.typeName());
}

bool compare(Meter& meter, std::string_view operation, const Value& a, const Value& b)
{
    if (operation == "==")
        return equal(meter, a, b);
    if (operation == "!=")
        return !equal(meter, a, b);
    if (operation == "in")
        return contains(meter, b, a);
    if (operation == "not in")
        return !contains(meter, b, a);
    if (operation == "<")
        return lessThan(meter, a, b);
    if (operation == ">")
        return lessThan(meter, b, a);
    // Not the opposite of the others: nan is neither.
    const bool same = (a.isNumber() && b.isNumber()) || (a.isText() && b.isText())
        || (a.asList() && b.asList());
    if (same && equal(meter, a, b))
        return true;
    return operation == "<=" ? lessThan(meter, a, b) : lessThan(meter, b, a);
}

} // namespace gorgon::jinja
