// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/value.h"

#include <algorithm>

#include "core/text/jinja/operators.h"

namespace gorgon::jinja {

namespace {

// The depth of a list of these, checked: what nests on is refused here, so that no walk over a
// value goes deeper.
int depthAbove(int depth)
{
    if (depth >= kMaxValueDepth)
        throw Failure("expected values nested at most " + std::to_string(kMaxValueDepth)
            + " deep, found more");
    return depth + 1;
}

} // namespace

Value Value::undefined(std::string what)
{
    Value value;
    value.m_data = Undefined{std::make_shared<const std::string>(std::move(what))};
    return value;
}

Value Value::text(Meter& meter, Text text)
{
    Held held(meter, sizeof(HeldText) + text.size() + text.runs().size() * sizeof(Run));
    Value value;
    value.m_data = std::make_shared<const HeldText>(HeldText{std::move(text), std::move(held)});
    return value;
}

Value Value::literal(std::string text)
{
    Value value;
    value.m_data = std::make_shared<const HeldText>(HeldText{Text(std::move(text)), Held()});
    return value;
}

const Text* Value::asText() const
{
    const auto* text = std::get_if<std::shared_ptr<const HeldText>>(&m_data);
    return text ? &(*text)->text : nullptr;
}

const List* Value::asList() const
{
    const auto* list = std::get_if<std::shared_ptr<const List>>(&m_data);
    return list ? list->get() : nullptr;
}

const Dict* Value::asDict() const
{
    const auto* dict = std::get_if<std::shared_ptr<const Dict>>(&m_data);
    return dict ? dict->get() : nullptr;
}

Object* Value::asObject() const
{
    const auto* object = std::get_if<std::shared_ptr<Object>>(&m_data);
    return object ? object->get() : nullptr;
}

std::shared_ptr<Object> Value::object() const
{
    const auto* object = std::get_if<std::shared_ptr<Object>>(&m_data);
    return object ? *object : nullptr;
}

std::optional<std::int64_t> Value::asInt() const
{
    if (const bool* value = std::get_if<bool>(&m_data))
        return *value ? 1 : 0;
    const std::int64_t* value = std::get_if<std::int64_t>(&m_data);
    return value ? std::optional(*value) : std::nullopt;
}

std::optional<double> Value::asDouble() const
{
    if (const double* value = std::get_if<double>(&m_data))
        return *value;
    const auto value = asInt();
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

const std::string& Value::what() const
{
    static const std::string none = "the value";
    const Undefined* value = std::get_if<Undefined>(&m_data);
    return value && value->what ? *value->what : none;
}

bool Value::truth() const
{
    if (const Text* text = asText())
        return !text->empty();
    if (const List* list = asList())
        return !list->items.empty();
    if (const Dict* dict = asDict())
        return !dict->entries.empty();
    if (const auto number = asDouble())
        return *number != 0;
    return asObject() != nullptr;
}

int Value::depth() const
{
    if (const List* list = asList())
        return list->depth;
    if (const Dict* dict = asDict())
        return dict->depth;
    const Object* object = asObject();
    return object ? object->depth() : 0;
}

std::string Value::typeName() const
{
    if (isUndefined())
        return "Undefined";
    if (isNone())
        return "NoneType";
    if (isBool())
        return "bool";
    if (isInt())
        return "int";
    if (isFloat())
        return "float";
    if (asText())
        return "str";
    if (const List* list = asList())
        return list->is_tuple ? "tuple" : "list";
    return asDict() ? "dict" : asObject()->typeName();
}

Value makeList(Meter& meter, Values items, bool is_tuple)
{
    Held held(meter, sizeof(List) + items.size() * sizeof(Value));
    int depth = 0;
    for (const Value& item : items)
        depth = std::max(depth, item.depth());
    return std::make_shared<const List>(
        List{std::move(items), is_tuple, depthAbove(depth), std::move(held)});
}

Value makeDict(Meter& meter, Entries entries)
{
    Held held(meter, sizeof(Dict) + entries.size() * 2 * sizeof(Value));
    int depth = 0;
    for (const auto& [key, value] : entries)
        depth = std::max({depth, key.depth(), value.depth()});
    return std::make_shared<const Dict>(
        Dict{std::move(entries), depthAbove(depth), std::move(held)});
}

const Value* Dict::find(Meter& meter, const Value& key) const
{
    meter.step(entries.size() / 8);
    for (const auto& [each, value] : entries)
        if (equal(meter, each, key))
            return &value;
    return nullptr;
}

const Value* Dict::find(std::string_view key) const
{
    for (const auto& [each, value] : entries)
        if (const Text* text = each.asText(); text && text->bytes() == key)
            return &value;
    return nullptr;
}

void setEntry(Meter& meter, Entries& entries, const Value& key, Value value)
{
    if (key.asDict() || (key.asList() && !key.asList()->is_tuple))
        throw Failure("expected a key of a dictionary, found a " + key.typeName());
    meter.step(1 + entries.size() / 8);
    for (auto& [each, old] : entries)
        if (equal(meter, each, key)) {
            old = std::move(value);
            return;
        }
    entries.emplace_back(key, std::move(value));
}

Value Object::attribute(Context&, const std::string& name) const
{
    return Value::undefined("'" + typeName() + " object' has no attribute '" + name + "'");
}

Value Object::call(Context&, Arguments&)
{
    throw Failure("expected something that can be called, found a " + typeName());
}

bool Object::assign(const std::string&, const Value&)
{
    return false;
}

} // namespace gorgon::jinja
