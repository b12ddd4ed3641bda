// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "core/text/jinja/characters.h"
#include "core/text/jinja/format.h"
#include "core/text/jinja/methods.h"
#include "core/text/jinja/show.h"

namespace gorgon::jinja {

namespace {

const Text& self(const Value& value)
{
    return *value.asText();
}

std::vector<std::string_view> charactersOf(std::string_view text)
{
    std::vector<std::string_view> characters;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t n = characterLength(text.substr(at));
        characters.push_back(text.substr(at, n));
        at += n;
    }
    return characters;
}

template <bool front, bool back> Value strip(Context& context, const Value& value, Arguments& args)
{
    const auto [characters] = bind(args, {"chars"});
    return context.text(stripped(self(value), characters, front, back));
}

template <std::string (*change)(std::string_view)>
Value changeCase(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    return context.text(changedCase(self(value), change));
}

Value capitalize(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    return context.text(capitalized(self(value)));
}

Value swapCase(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    return context.text(mapCharacters(
        self(value), [](std::string_view c) { return isUpper(c) ? toLower(c) : toUpper(c); }));
}

Value title(Context& context, const Value& value, Arguments& args)
{
    expectNone(args);
    bool in_word = false;
    return context.text(mapCharacters(self(value), [&in_word](std::string_view c) {
        const bool cased = isUpper(c) || isLower(c) || toTitle(c) != c;
        std::string changed = in_word ? toLower(c) : toTitle(c);
        in_word = cased;
        return changed;
    }));
}

// Pieces between separators, at most `most` cuts (-1: all) from the front or the back.
Values cut(Context& context, const Text& text, const Text& separator, std::int64_t most, bool back)
{
    if (separator.empty())
        throw Failure("expected a separator that is not empty, found an empty one");
    context.meter.step(text.size() / 32);
    std::vector<std::size_t> cuts;
    for (std::size_t at = 0; most < 0 || back || static_cast<std::int64_t>(cuts.size()) < most;) {
        const std::size_t found = findText(text.bytes(), separator.bytes(), at);
        if (found == std::string::npos)
            break;
        cuts.push_back(found);
        at = found + separator.size();
    }
    if (back && most >= 0 && static_cast<std::int64_t>(cuts.size()) > most) {
        // From the back, so that overlapping separators are found there.
        cuts.clear();
        std::size_t end = text.size();
        while (static_cast<std::int64_t>(cuts.size()) < most) {
            const std::size_t found
                = findLastText(std::string_view(text.bytes()).substr(0, end), separator.bytes());
            context.meter.step(end / 32);
            if (found == std::string::npos)
                break;
            cuts.push_back(found);
            end = found;
        }
        std::ranges::reverse(cuts);
    }
    Values pieces;
    std::size_t begin = 0;
    for (const std::size_t at : cuts) {
        pieces.push_back(context.text(text.slice(begin, at)));
        begin = at + separator.size();
    }
    pieces.push_back(context.text(text.slice(begin, text.size())));
    return pieces;
}

// Words between white space; behind `most` cuts the rest stays as it is.
Values words(Context& context, const Text& text, std::int64_t most, bool back)
{
    std::vector<std::pair<std::size_t, std::size_t>> found;
    const std::string_view bytes = text.bytes();
    std::size_t begin = std::string::npos;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t n = characterLength(bytes.substr(at));
        const bool space = isSpace(bytes.substr(at, n));
        if (space && begin != std::string::npos) {
            found.emplace_back(begin, at);
            begin = std::string::npos;
        } else if (!space && begin == std::string::npos)
            begin = at;
        at += n;
    }
    if (begin != std::string::npos)
        found.emplace_back(begin, bytes.size());
    const auto n = static_cast<std::int64_t>(found.size());
    if (most >= 0 && n > most) {
        const auto kept = static_cast<std::ptrdiff_t>(most) + 1;
        if (back) {
            found.erase(found.begin(), found.end() - kept);
            found.front().first = 0;
        } else {
            found.erase(found.begin() + kept, found.end());
            found.back().second = bytes.size();
        }
    }
    Values pieces;
    for (const auto& [from, to] : found)
        pieces.push_back(context.text(text.slice(from, to)));
    return pieces;
}

template <bool back> Value split(Context& context, const Value& value, Arguments& args)
{
    const auto [separator, most] = bind(args, {"sep", "maxsplit"});
    const std::int64_t n = intOr(most, -1);
    if (!separator || separator->isNone())
        return makeList(context.meter, words(context, self(value), n, back));
    return makeList(context.meter, cut(context, self(value), textOf(*separator), n, back));
}

Value splitLines(Context& context, const Value& value, Arguments& args)
{
    const auto [keep] = bind(args, {"keepends"});
    Values lines;
    for (Text& line : linesOf(self(value), truthOr(keep, false)))
        lines.push_back(context.text(std::move(line)));
    return makeList(context.meter, std::move(lines));
}

template <bool back> Value partition(Context& context, const Value& value, Arguments& args)
{
    const auto [argument] = bind(args, {"sep"});
    const Text& text = self(value);
    const Text& separator = textOf(required(argument, "sep"));
    if (separator.empty())
        throw Failure("expected a separator that is not empty, found an empty one");
    context.meter.step(text.size() / 32);
    const std::size_t at = back ? findLastText(text.bytes(), separator.bytes())
                                : findText(text.bytes(), separator.bytes());
    const Value nothing = context.text(Text());
    if (at == std::string::npos)
        return makeTuple(context.meter,
            back ? Values{nothing, nothing, value} : Values{value, nothing, nothing});
    const std::size_t end = at + separator.size();
    return makeTuple(context.meter,
        {context.text(text.slice(0, at)), context.text(text.slice(at, end)),
            context.text(text.slice(end, text.size()))});
}

// The part of the text that start and end leave.
std::pair<std::size_t, std::size_t> span(
    const Text& text, const Value* start, const Value* end, bool& outside)
{
    const auto length = static_cast<std::int64_t>(countCharacters(text.bytes()));
    const auto place = [&](const Value* value, std::int64_t otherwise) {
        std::int64_t at = value && !value->isNone() ? intOr(value, 0) : otherwise;
        return at < 0 ? std::max<std::int64_t>(at + length, 0) : at;
    };
    const std::int64_t from = place(start, 0);
    const std::int64_t to = std::min(place(end, length), length);
    outside = from > to;
    if (outside)
        return {0, 0};
    return {byteOfCharacter(text.bytes(), static_cast<std::size_t>(from)),
        byteOfCharacter(text.bytes(), static_cast<std::size_t>(to))};
}

template <bool at_end> Value startsWith(Context&, const Value& value, Arguments& args)
{
    const auto [affix, start, end] = bind(args, {"prefix", "start", "end"});
    bool outside = false;
    const auto [from, to] = span(self(value), start, end, outside);
    const std::string_view part = std::string_view(self(value).bytes()).substr(from, to - from);
    const auto fits = [&](const Value& each) {
        const std::string& wanted = textOf(each).bytes();
        return !outside && (at_end ? part.ends_with(wanted) : part.starts_with(wanted));
    };
    const Value& wanted = required(affix, "prefix");
    const List* list = wanted.asList();
    return list && list->is_tuple ? std::ranges::any_of(list->items, fits) : fits(wanted);
}

template <bool last, bool must> Value find(Context& context, const Value& value, Arguments& args)
{
    const auto [wanted, start, end] = bind(args, {"sub", "start", "end"});
    const Text& text = self(value);
    const std::string& part = textOf(required(wanted, "sub")).bytes();
    bool outside = false;
    const auto [from, to] = span(text, start, end, outside);
    context.meter.step(text.size() / 32);
    const std::string_view bytes = std::string_view(text.bytes()).substr(0, to);
    std::size_t at = std::string::npos;
    if (!outside)
        at = last ? findLastText(bytes.substr(from), part) : findText(bytes.substr(from), part);
    if (at != std::string::npos)
        return static_cast<std::int64_t>(countCharacters(bytes.substr(0, from + at)));
    if (must)
        throw Failure("expected a text that holds the other, found one that does not");
    return std::int64_t(-1);
}

Value count(Context& context, const Value& value, Arguments& args)
{
    const auto [wanted, start, end] = bind(args, {"sub", "start", "end"});
    const std::string& part = textOf(required(wanted, "sub")).bytes();
    bool outside = false;
    const auto [from, to] = span(self(value), start, end, outside);
    context.meter.step(self(value).size() / 32);
    const std::string_view bytes = std::string_view(self(value).bytes()).substr(from, to - from);
    if (outside)
        return std::int64_t(0);
    if (part.empty())
        return static_cast<std::int64_t>(countCharacters(bytes)) + 1;
    std::int64_t n = 0;
    for (std::size_t at = 0; (at = findText(bytes, part, at)) != std::string::npos;
         at += part.size())
        ++n;
    return n;
}

Value replace(Context& context, const Value& value, Arguments& args)
{
    const auto [old, by, most] = bind(args, {"old", "new", "count"});
    return context.text(replacedText(context, self(value), textOf(required(old, "old")),
        textOf(required(by, "new")), intOr(most, -1)));
}

Value join(Context& context, const Value& value, Arguments& args)
{
    const auto [items] = bind(args, {"iterable"});
    const Value& list = required(items, "iterable");
    Values texts;
    if (list.asList())
        texts = list.asList()->items;
    else if (const Text* text = list.asText())
        for (const std::string_view c : charactersOf(text->bytes()))
            texts.push_back(
                context.text(text->slice(static_cast<std::size_t>(c.data() - text->bytes().data()),
                    static_cast<std::size_t>(c.data() - text->bytes().data()) + c.size())));
    else if (list.asDict())
        for (const auto& [key, each] : list.asDict()->entries)
            texts.push_back(key);
    else
        throw Failure("expected something to join, found a " + list.typeName());
    for (const Value& each : texts)
        textOf(each);
    return context.text(joinedTexts(context, self(value), texts));
}

template <bool (*is)(std::string_view)> Value all(Context&, const Value& value, Arguments& args)
{
    expectNone(args);
    return !self(value).empty() && std::ranges::all_of(charactersOf(self(value).bytes()), is);
}

template <bool (*is)(std::string_view), bool (*is_not)(std::string_view)>
Value allCased(Context&, const Value& value, Arguments& args)
{
    expectNone(args);
    const auto characters = charactersOf(self(value).bytes());
    return std::ranges::any_of(characters, is) && std::ranges::none_of(characters, is_not);
}

Value isTitle(Context&, const Value& value, Arguments& args)
{
    expectNone(args);
    bool any = false, in_word = false, fits = true;
    for (const std::string_view c : charactersOf(self(value).bytes())) {
        const bool upper = isUpper(c), lower = isLower(c);
        fits = fits && !(upper && in_word) && !(lower && !in_word);
        in_word = upper || lower;
        any = any || in_word;
    }
    return any && fits;
}

bool isAlnum(std::string_view c)
{
    return isAlpha(c) || isNumeric(c);
}

bool isAscii(std::string_view c)
{
    return static_cast<unsigned char>(c[0]) < 0x80;
}

Value isAsciiText(Context&, const Value& value, Arguments& args)
{
    expectNone(args);
    return std::ranges::all_of(charactersOf(self(value).bytes()), isAscii);
}

template <int left_percent> Value justify(Context& context, const Value& value, Arguments& args)
{
    const auto [width, fill] = bind(args, {"width", "fillchar"});
    const Text character = fill ? textOf(*fill) : Text(" ");
    if (countCharacters(character.bytes()) != 1)
        throw Failure("expected one character to fill with, found another number");
    return context.text(padded(context, self(value), intOr(&required(width, "width"), 0), character,
        left_percent / 100.0));
}

Value zeroFill(Context& context, const Value& value, Arguments& args)
{
    const auto [width] = bind(args, {"width"});
    const Text& text = self(value);
    const std::size_t sign = !text.empty() && (text.bytes()[0] == '-' || text.bytes()[0] == '+');
    Text result = text.slice(0, sign);
    result.append(padded(context, text.slice(sign, text.size()),
        intOr(&required(width, "width"), 0) - static_cast<std::int64_t>(sign), Text("0"), 1));
    return context.text(std::move(result));
}

Value removePrefix(Context& context, const Value& value, Arguments& args)
{
    const auto [affix] = bind(args, {"prefix"});
    const Text& text = self(value);
    const std::string& part = textOf(required(affix, "prefix")).bytes();
    return text.bytes().starts_with(part) ? context.text(text.slice(part.size(), text.size()))
                                          : value;
}

Value removeSuffix(Context& context, const Value& value, Arguments& args)
{
    const auto [affix] = bind(args, {"suffix"});
    const Text& text = self(value);
    const std::string& part = textOf(required(affix, "suffix")).bytes();
    return text.bytes().ends_with(part) ? context.text(text.slice(0, text.size() - part.size()))
                                        : value;
}

Value format(Context& context, const Value& value, Arguments& args)
{
    return formatBraces(context, self(value), args);
}

} // namespace

Method findTextMethod(std::string_view name)
{
    static const std::map<std::string_view, Method> methods{
        {"strip", strip<true, true>},
        {"lstrip", strip<true, false>},
        {"rstrip", strip<false, true>},
        {"upper", changeCase<toUpper>},
        {"lower", changeCase<toLower>},
        {"casefold", changeCase<toLower>},
        {"swapcase", swapCase},
        {"capitalize", capitalize},
        {"title", title},
        {"split", split<false>},
        {"rsplit", split<true>},
        {"splitlines", splitLines},
        {"partition", partition<false>},
        {"rpartition", partition<true>},
        {"startswith", startsWith<false>},
        {"endswith", startsWith<true>},
        {"find", find<false, false>},
        {"rfind", find<true, false>},
        {"index", find<false, true>},
        {"rindex", find<true, true>},
        {"count", count},
        {"replace", replace},
        {"join", join},
        {"isspace", all<isSpace>},
        {"isalpha", all<isAlpha>},
        {"isalnum", all<isAlnum>},
        {"isdigit", all<isDigit>},
        {"isnumeric", all<isNumeric>},
        {"isdecimal", all<isDigit>},
        {"isascii", isAsciiText},
        {"istitle", isTitle},
        {"isupper", allCased<isUpper, isLower>},
        {"islower", allCased<isLower, isUpper>},
        {"ljust", justify<0>},
        {"rjust", justify<100>},
        {"center", justify<50>},
        {"zfill", zeroFill},
        {"removeprefix", removePrefix},
        {"removesuffix", removeSuffix},
        {"format", format},
    };
    const auto at = methods.find(name);
    return at == methods.end() ? nullptr : at->second;
}

} // namespace gorgon::jinja
