// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text/jinja/characters.h"
#include "core/text/jinja/filters.h"
#include "core/text/jinja/format.h"
#include "core/text/jinja/methods.h"
#include "core/text/jinja/operators.h"
#include "core/text/jinja/show.h"

namespace gorgon::jinja {

namespace {

template <std::string (*change)(std::string_view)>
Value changeCase(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    return context.text(changedCase(show(context, value), change));
}

Value capitalize(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    return context.text(capitalized(show(context, value)));
}

// Words begin behind white space and - ( { [ <.
Value title(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    bool first = true;
    return context.text(mapCharacters(show(context, value), [&first](std::string_view c) {
        std::string changed = first ? toUpper(c) : toLower(c);
        first = isSpace(c) || c == "-" || c == "(" || c == "{" || c == "[" || c == "<";
        return changed;
    }));
}

Value trim(Context& context, const Value& value, Arguments& args)
{
    const auto [characters] = bind(args, {"chars"});
    return context.text(stripped(show(context, value), characters, true, true));
}

Value string(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    return value.isText() ? value : context.text(show(context, value));
}

Value replace(Context& context, const Value& value, Arguments& args)
{
    const auto [old, by, count] = bind(args, {"old", "new", "count"});
    return context.text(
        replacedText(context, show(context, value), show(context, required(old, "old")),
            show(context, required(by, "new")), count && !count->isNone() ? intOr(count, -1) : -1));
}

Value join(Context& context, const Value& value, Arguments& args)
{
    const auto [separator, attribute] = bind(args, {"d", "attribute"});
    Values items = elementsOf(context, value);
    if (attribute && !attribute->isNone())
        for (Value& item : items)
            item = followPath(context, item, *attribute, nullptr);
    return context.text(
        joinedTexts(context, separator ? show(context, *separator) : Text(), items));
}

Value indent(Context& context, const Value& value, Arguments& args)
{
    const auto [width, first, blank] = bind(args, {"width", "first", "blank"});
    Text text = textOf(value);
    text.append("\n", kFromTemplate);
    Text margin;
    if (width && width->isText())
        margin = *width->asText();
    else
        margin = padded(context, Text(), intOr(width, 4), Text(" "), 0);
    Text result;
    if (truthOr(first, false))
        result.append(margin);
    bool above = false;
    for (const Text& line : linesOf(text, false)) {
        if (above) {
            result.append("\n", kFromTemplate);
            if (truthOr(blank, false) || !line.empty())
                result.append(margin);
        }
        above = true;
        result.append(line);
        context.meter.step(1 + margin.size() / 32);
        if (result.size() > context.meter.limits().live_bytes / 2)
            throw Failure("expected a text of bounded length, found a longer one");
    }
    return context.text(std::move(result));
}

Value center(Context& context, const Value& value, Arguments& args)
{
    const auto [width] = bind(args, {"width"});
    return context.text(padded(context, show(context, value), intOr(width, 80), Text(" "), 0.5));
}

Value truncate(Context& context, const Value& value, Arguments& args)
{
    const auto [length, kill, end, leeway] = bind(args, {"length", "killwords", "end", "leeway"});
    const Text& text = textOf(value);
    const Text dots = end ? textOf(*end) : Text("...");
    const std::int64_t most = intOr(length, 255);
    const std::int64_t kept = most - lengthOf(context.text(dots));
    const std::int64_t spare = leeway && !leeway->isNone() ? intOr(leeway, 5) : 5;
    if (kept < 0 || spare < 0)
        throw Failure("expected a length of at least that of the end, found a smaller one");
    if (lengthOf(value) - spare <= most)
        return value;
    Text result = text.slice(0, byteOfCharacter(text.bytes(), static_cast<std::size_t>(kept)));
    if (!truthOr(kill, false))
        if (const std::size_t blank = result.bytes().rfind(' '); blank != std::string::npos)
            result = result.slice(0, blank);
    result.append(dots);
    return context.text(std::move(result));
}

Value wordCount(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    std::int64_t n = 0;
    bool in_word = false;
    mapCharacters(show(context, value), [&](std::string_view c) {
        const bool word = isAlpha(c) || isNumeric(c) || c == "_";
        n += word && !in_word ? 1 : 0;
        in_word = word;
        return std::string();
    });
    return n;
}

Value escape(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    return context.text(mapCharacters(show(context, value), [](std::string_view c) {
        return std::string(c == "&" ? "&amp;"
                : c == "<"          ? "&lt;"
                : c == ">"          ? "&gt;"
                : c == "'"          ? "&#39;"
                : c == "\""         ? "&#34;"
                                    : c);
    }));
}

Value urlEncode(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    if (value.asDict() || value.asList())
        throw Failure("expected a text for 'urlencode', found a " + value.typeName());
    return context.text(mapCharacters(show(context, value), [](std::string_view character) {
        constexpr char kHex[] = "0123456789ABCDEF";
        const char first = character[0];
        if (isDigit(character) && character.size() == 1)
            return std::string(character);
        if ((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z')
            || std::string_view("_.-~/").find(first) != std::string_view::npos)
            return std::string(character);
        std::string coded;
        for (const char c : character) {
            const auto byte = static_cast<unsigned char>(c);
            coded += {'%', kHex[byte >> 4], kHex[byte & 15]};
        }
        return coded;
    }));
}

Value format(Context& context, const Value& value, Arguments& args)
{
    if (!args.named.empty() && !args.positional.empty())
        throw Failure("expected arguments by place or by name, found both");
    if (args.named.empty())
        return formatPercent(
            context, show(context, value), makeTuple(context.meter, args.positional));
    Entries entries;
    for (const auto& [name, each] : args.named)
        setEntry(context.meter, entries, context.text(name, args.names_source), each);
    return formatPercent(
        context, show(context, value), makeDict(context.meter, std::move(entries)));
}

Value toJson(Context& context, const Value& value, Arguments& args)
{
    const auto [ascii, indentation, separators, sort]
        = bind(args, {"ensure_ascii", "indent", "separators", "sort_keys"});
    JsonStyle style;
    style.ensure_ascii = truthOr(ascii, false);
    style.sort_keys = truthOr(sort, false);
    if (indentation && !indentation->isNone()) {
        style.indent = indentation->isText()
            ? *indentation->asText()
            : padded(context, Text(), intOr(indentation, 0), Text(" "), 0);
        style.item_separator = Text(",");
    }
    if (separators && !separators->isNone()) {
        const List* pair = separators->asList();
        if (!pair || pair->items.size() != 2)
            throw Failure("expected two separators, found something else");
        style.item_separator = textOf(pair->items[0]);
        style.key_separator = textOf(pair->items[1]);
    }
    return context.text(showJson(context, value, style));
}

} // namespace

const FilterTable& textFilters()
{
    static const FilterTable filters{{"upper", changeCase<toUpper>}, {"lower", changeCase<toLower>},
        {"capitalize", capitalize}, {"title", title}, {"trim", trim}, {"string", string},
        {"safe", string}, {"replace", replace}, {"join", join}, {"indent", indent},
        {"center", center}, {"truncate", truncate}, {"wordcount", wordCount}, {"escape", escape},
        {"e", escape}, {"forceescape", escape}, {"urlencode", urlEncode}, {"format", format},
        {"tojson", toJson}};
    return filters;
}

} // namespace gorgon::jinja
