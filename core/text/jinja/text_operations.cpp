// SPDX-License-Identifier: Apache-2.0
// What the methods of a str and the filters do alike.
#include <algorithm>

#include "core/text/jinja/characters.h"
#include "core/text/jinja/methods.h"
#include "core/text/jinja/show.h"

namespace gorgon::jinja {

Text changedCase(const Text& text, std::string (*change)(std::string_view))
{
    return mapCharacters(text, change);
}

Text capitalized(const Text& text)
{
    bool first = true;
    return mapCharacters(text, [&first](std::string_view character) {
        std::string changed = first ? toTitle(character) : toLower(character);
        first = false;
        return changed;
    });
}

Text stripped(const Text& text, const Value* characters, bool front, bool back)
{
    const std::string_view bytes = text.bytes();
    std::size_t begin = 0, end = bytes.size();
    if (!characters || characters->isNone()) {
        begin = front ? leadingSpace(bytes) : 0;
        if (back && begin < end)
            end -= trailingSpace(bytes);
        return text.slice(begin, std::max(begin, end));
    }
    const std::string& set = textOf(*characters).bytes();
    const auto listed = [&](std::string_view character) {
        for (std::size_t at = 0; at < set.size();) {
            const std::size_t n = characterLength(std::string_view(set).substr(at));
            if (std::string_view(set).substr(at, n) == character)
                return true;
            at += n;
        }
        return false;
    };
    while (front && begin < end) {
        const std::size_t n = characterLength(bytes.substr(begin));
        if (!listed(bytes.substr(begin, n)))
            break;
        begin += n;
    }
    while (back && end > begin) {
        std::size_t n = 1;
        while (
            n < 4 && n < end - begin && (static_cast<unsigned char>(bytes[end - n]) & 0xC0) == 0x80)
            ++n;
        if (!listed(bytes.substr(end - n, n)))
            break;
        end -= n;
    }
    return text.slice(begin, end);
}

Text replacedText(
    Context& context, const Text& text, const Text& old, const Text& by, std::int64_t most)
{
    context.meter.step(text.size() / 32);
    const std::string_view bytes = text.bytes();
    Text result;
    std::size_t begin = 0;
    const auto cutAt = [&](std::size_t at) {
        result.append(text, begin, at);
        result.append(by);
        begin = at + old.size();
        context.meter.step(1 + by.size() / 32);
        if (result.size() > context.meter.limits().live_bytes / 2)
            throw Failure("expected a text of bounded length, found a longer one");
    };
    if (old.empty()) {
        // Between all characters and at both ends.
        for (std::size_t at = 0; most != 0; --most) {
            cutAt(at);
            if (at == bytes.size())
                break;
            at += characterLength(bytes.substr(at));
        }
    } else
        for (std::size_t at = 0; most != 0; --most) {
            at = findText(bytes, old.bytes(), at);
            if (at == std::string::npos)
                break;
            cutAt(at);
            at += old.size();
        }
    result.append(text, begin, text.size());
    return result;
}

Text joinedTexts(Context& context, const Text& separator, const Values& values)
{
    Text result;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0)
            result.append(separator);
        result.append(show(context, values[i]));
        context.meter.step(1 + separator.size() / 32);
        if (result.size() > context.meter.limits().live_bytes / 2)
            throw Failure("expected a text of bounded length, found a longer one");
    }
    return result;
}

std::vector<Text> linesOf(const Text& text, bool keep_ends)
{
    std::vector<Text> lines;
    const std::string_view bytes = text.bytes();
    std::size_t begin = 0;
    for (std::size_t at = 0; at < bytes.size();) {
        std::size_t n = characterLength(bytes.substr(at));
        if (!isLineEnd(bytes.substr(at, n))) {
            at += n;
            continue;
        }
        if (bytes.substr(at, 2) == "\r\n")
            n = 2;
        lines.push_back(text.slice(begin, keep_ends ? at + n : at));
        begin = at += n;
    }
    if (begin < bytes.size())
        lines.push_back(text.slice(begin, bytes.size()));
    return lines;
}

Text padded(
    Context& context, const Text& text, std::int64_t width, const Text& fill, double left_share)
{
    const auto length = static_cast<std::int64_t>(countCharacters(text.bytes()));
    if (width <= length)
        return text;
    const std::int64_t room = width - length;
    if (static_cast<std::uint64_t>(room) > context.meter.limits().live_bytes / 8)
        throw Failure("expected a width of bounded size, found a larger one");
    context.meter.step(static_cast<std::uint64_t>(room) / 8);
    // As str.center does it: the odd one goes to the left where the width is odd.
    const std::int64_t left = left_share == 0.5
        ? room / 2 + (room & width & 1)
        : static_cast<std::int64_t>(left_share * static_cast<double>(room));
    Text result;
    for (std::int64_t i = 0; i < left; ++i)
        result.append(fill);
    result.append(text);
    for (std::int64_t i = left; i < room; ++i)
        result.append(fill);
    return result;
}

} // namespace gorgon::jinja
