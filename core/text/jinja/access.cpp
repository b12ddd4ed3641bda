// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text/jinja/characters.h"
#include "core/text/jinja/methods.h"
#include "core/text/jinja/operators.h"
#include "core/text/jinja/show.h"

namespace gorgon::jinja {

namespace {

void refuseUndefined(const Value& value)
{
    if (value.isUndefined())
        throw Failure("expected a value, found that " + value.what() + " is undefined");
}

Value missing(const Value& value, const std::string& name)
{
    return Value::undefined("'" + value.typeName() + " object' has no attribute '" + name + "'");
}

// Where the character `index` is, from the end where it is negative; its byte range.
std::optional<std::pair<std::size_t, std::size_t>> characterAt(
    Meter& meter, const Text& text, std::int64_t index)
{
    meter.step(text.size() / 64);
    const std::string_view bytes = text.bytes();
    if (index < 0)
        index += static_cast<std::int64_t>(countCharacters(bytes));
    if (index < 0)
        return std::nullopt;
    const std::size_t at = byteOfCharacter(bytes, static_cast<std::size_t>(index));
    if (at >= bytes.size())
        return std::nullopt;
    return std::pair(at, at + characterLength(bytes.substr(at)));
}

struct Range
{
    std::int64_t start = 0, stop = 0, step = 1;
};

// As slice.indices of Python has it.
Range rangeOf(std::int64_t length, std::optional<std::int64_t> start,
    std::optional<std::int64_t> stop, std::int64_t step)
{
    const std::int64_t lowest = step < 0 ? -1 : 0;
    const std::int64_t highest = step < 0 ? length - 1 : length;
    const auto clamped = [&](std::optional<std::int64_t> at, std::int64_t otherwise) {
        if (!at)
            return otherwise;
        return *at < 0 ? std::max(*at < -length ? lowest : *at + length, lowest)
                       : std::min(*at, highest);
    };
    return {clamped(start, step < 0 ? highest : lowest), clamped(stop, step < 0 ? lowest : highest),
        step};
}

Value sliceOfText(Context& context, const Text& text, std::optional<std::int64_t> start,
    std::optional<std::int64_t> stop, std::int64_t step)
{
    context.meter.step(text.size() / 32);
    const auto length = static_cast<std::int64_t>(countCharacters(text.bytes()));
    const Range range = rangeOf(length, start, stop, step);
    if (range.step == 1) {
        if (range.start >= range.stop)
            return context.text(Text());
        const std::size_t begin
            = byteOfCharacter(text.bytes(), static_cast<std::size_t>(range.start));
        const std::string_view rest = std::string_view(text.bytes()).substr(begin);
        return context.text(text.slice(begin,
            begin + byteOfCharacter(rest, static_cast<std::size_t>(range.stop - range.start))));
    }
    const Held room(context.meter, static_cast<std::size_t>(length) * sizeof(std::size_t));
    std::vector<std::size_t> begins;
    for (std::size_t at = 0; at < text.size();
         at += characterLength(std::string_view(text.bytes()).substr(at)))
        begins.push_back(at);
    begins.push_back(text.size());
    Text result;
    for (std::int64_t i = range.start; range.step > 0 ? i < range.stop : i > range.stop;) {
        const auto at = static_cast<std::size_t>(i);
        result.append(text, begins[at], begins[at + 1]);
        if (__builtin_add_overflow(i, range.step, &i))
            break;
    }
    return context.text(std::move(result));
}

} // namespace

Value attributeOf(Context& context, const Value& value, const std::string& name)
{
    refuseUndefined(value);
    if (const Object* object = value.asObject())
        return object->attribute(context, name);
    Value method = methodOf(value, name);
    if (!method.isUndefined())
        return method;
    if (const Dict* dict = value.asDict()) {
        context.meter.step(dict->entries.size() / 8);
        if (const Value* entry = dict->find(name))
            return *entry;
    }
    return missing(value, name);
}

Value itemOf(Context& context, const Value& value, const Value& key)
{
    refuseUndefined(value);
    if (const Dict* dict = value.asDict()) {
        if (const Value* entry = dict->find(context.meter, key))
            return *entry;
    } else if (const auto at = key.asInt()) {
        if (const List* list = value.asList()) {
            const auto length = static_cast<std::int64_t>(list->items.size());
            const std::int64_t index = *at < 0 ? *at + length : *at;
            if (index >= 0 && index < length)
                return list->items[static_cast<std::size_t>(index)];
            return Value::undefined("item " + std::to_string(*at));
        }
        if (const Text* text = value.asText()) {
            if (const auto range = characterAt(context.meter, *text, *at))
                return context.text(text->slice(range->first, range->second));
            return Value::undefined("character " + std::to_string(*at));
        }
    }
    if (const Text* name = key.asText()) {
        if (const Object* object = value.asObject())
            return object->attribute(context, name->bytes());
        Value method = methodOf(value, name->bytes());
        return method.isUndefined() ? missing(value, name->bytes()) : method;
    }
    return Value::undefined("item " + show(context, key).bytes().substr(0, 40));
}

Value sliceOf(Context& context, const Value& value, std::optional<std::int64_t> start,
    std::optional<std::int64_t> stop, std::optional<std::int64_t> step)
{
    refuseUndefined(value);
    if (step == 0)
        throw Failure("expected a step that is not 0 in a slice, found 0");
    if (const Text* text = value.asText())
        return sliceOfText(context, *text, start, stop, step.value_or(1));
    const List* list = value.asList();
    if (!list)
        throw Failure("expected a text or a list to cut a slice from, found a " + value.typeName());
    const Range range
        = rangeOf(static_cast<std::int64_t>(list->items.size()), start, stop, step.value_or(1));
    Values items;
    for (std::int64_t i = range.start; range.step > 0 ? i < range.stop : i > range.stop;) {
        items.push_back(list->items[static_cast<std::size_t>(i)]);
        if (__builtin_add_overflow(i, range.step, &i))
            break;
    }
    return makeList(context.meter, std::move(items), list->is_tuple);
}

Value followPath(Context& context, Value value, const Value& path, const Value* otherwise)
{
    const auto next = [&](const Value& key) {
        value = itemOf(context, value, key);
        if (value.isUndefined() && otherwise)
            value = *otherwise;
    };
    const Text* text = path.asText();
    if (!text) {
        next(path);
        return value;
    }
    for (std::size_t at = 0;;) {
        const std::size_t dot = std::min(text->bytes().find('.', at), text->size());
        const std::string part = text->bytes().substr(at, dot - at);
        const bool number = !part.empty() && part.size() < 10
            && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
        next(number ? Value(static_cast<std::int64_t>(std::stol(part))) : context.text(part));
        if (dot == text->size())
            return value;
        at = dot + 1;
    }
}

Values elementsOf(Context& context, const Value& value)
{
    if (value.isUndefined())
        return {};
    if (const List* list = value.asList()) {
        context.meter.step(list->items.size() / 2);
        return list->items;
    }
    Values elements;
    if (const Dict* dict = value.asDict()) {
        for (const auto& [key, each] : dict->entries)
            elements.push_back(key);
        return elements;
    }
    const Text* text = value.asText();
    if (!text)
        throw Failure("expected something to go through, found a " + value.typeName());
    const std::string_view bytes = text->bytes();
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t end = at + characterLength(bytes.substr(at));
        elements.push_back(context.text(text->slice(at, end)));
        at = end;
    }
    return elements;
}

std::int64_t lengthOf(const Value& value)
{
    if (const Text* text = value.asText())
        return static_cast<std::int64_t>(countCharacters(text->bytes()));
    if (const List* list = value.asList())
        return static_cast<std::int64_t>(list->items.size());
    if (const Dict* dict = value.asDict())
        return static_cast<std::int64_t>(dict->entries.size());
    if (value.isUndefined())
        return 0;
    throw Failure("expected something that has a length, found a " + value.typeName());
}

} // namespace gorgon::jinja
