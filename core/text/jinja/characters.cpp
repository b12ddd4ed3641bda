// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/characters.h"

#include <unicode/uchar.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include "core/text/utf8.h"

namespace gorgon::jinja {

namespace {

using Convert = int32_t (*)(UChar*, int32_t, const UChar*, int32_t, const char*, UErrorCode*);

std::string converted(std::string_view character, Convert convert)
{
    UChar from[2];
    int32_t length = 0;
    U16_APPEND_UNSAFE(from, length, codePoint(character));
    UChar to[8];
    UErrorCode error = U_ZERO_ERROR;
    const int32_t n = convert(to, 8, from, length, "", &error);
    if (U_FAILURE(error) || n > 8)
        return std::string(character);
    std::string result;
    for (int32_t at = 0; at < n;) {
        UChar32 code = 0;
        U16_NEXT(to, at, n, code);
        result += fromCodePoint(static_cast<char32_t>(code));
    }
    return result;
}

int32_t titleCase(UChar* to, int32_t capacity, const UChar* from, int32_t length,
    const char* locale, UErrorCode* error)
{
    return u_strToTitle(to, capacity, from, length, nullptr, locale, error);
}

bool isWhole(std::string_view character)
{
    return utf8Length(character) == static_cast<int>(character.size());
}

} // namespace

std::size_t characterLength(std::string_view text)
{
    if (text.empty() || static_cast<unsigned char>(text[0]) < 0x80)
        return text.empty() ? 0 : 1;
    const int length = utf8Length(text);
    return length > 0 ? static_cast<std::size_t>(length) : 1;
}

std::size_t countCharacters(std::string_view text)
{
    std::size_t n = 0;
    for (std::size_t at = 0; at < text.size(); at += characterLength(text.substr(at)))
        ++n;
    return n;
}

std::size_t byteOfCharacter(std::string_view text, std::size_t index)
{
    std::size_t at = 0;
    for (; index > 0 && at < text.size(); --index)
        at += characterLength(text.substr(at));
    return at;
}

char32_t codePoint(std::string_view character)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
    if (character.empty() || !isWhole(character))
        return 0xFFFD;
    switch (character.size()) {
    case 1:
        return byte(0);
    case 2:
        return (byte(0) & 0x1FU) << 6 | (byte(1) & 0x3FU);
    case 3:
        return (byte(0) & 0x0FU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
    default:
        return (byte(0) & 0x07U) << 18 | (byte(1) & 0x3FU) << 12 | (byte(2) & 0x3FU) << 6
            | (byte(3) & 0x3FU);
    }
}

std::string fromCodePoint(char32_t code)
{
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        code = 0xFFFD;
    const auto tail = [&](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3F)); };
    if (code < 0x80)
        return {static_cast<char>(code)};
    if (code < 0x800)
        return {static_cast<char>(0xC0 | code >> 6), tail(0)};
    if (code < 0x10000)
        return {static_cast<char>(0xE0 | code >> 12), tail(6), tail(0)};
    return {static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
}

bool isSpace(std::string_view character)
{
    if (character.size() == 1) {
        const char c = character[0];
        return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1C' && c <= '\x1F');
    }
    for (const std::string_view space :
        {"\u0085", "\u00A0", "\u1680", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"})
        if (character == space)
            return true;
    return character.size() == 3 && character.substr(0, 2) == "\xE2\x80"
        && static_cast<unsigned char>(character[2]) <= 0x8A; // U+2000 to U+200A
}

bool isLineEnd(std::string_view character)
{
    if (character.size() == 1) {
        const char c = character[0];
        return (c >= '\n' && c <= '\r') || (c >= '\x1C' && c <= '\x1E');
    }
    return character == "\u0085" || character == "\u2028" || character == "\u2029";
}

bool isAlpha(std::string_view character)
{
    return u_isalpha(static_cast<UChar32>(codePoint(character)));
}

bool isDigit(std::string_view character)
{
    const auto code = static_cast<UChar32>(codePoint(character));
    const int32_t type = u_getIntPropertyValue(code, UCHAR_NUMERIC_TYPE);
    return type == U_NT_DECIMAL || type == U_NT_DIGIT;
}

bool isNumeric(std::string_view character)
{
    const auto code = static_cast<UChar32>(codePoint(character));
    return u_getIntPropertyValue(code, UCHAR_NUMERIC_TYPE) != U_NT_NONE;
}

bool isUpper(std::string_view character)
{
    return u_hasBinaryProperty(static_cast<UChar32>(codePoint(character)), UCHAR_UPPERCASE);
}

bool isLower(std::string_view character)
{
    return u_hasBinaryProperty(static_cast<UChar32>(codePoint(character)), UCHAR_LOWERCASE);
}

std::string toUpper(std::string_view character)
{
    if (character.size() == 1) {
        const char c = character[0];
        return {c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c};
    }
    return isWhole(character) ? converted(character, u_strToUpper) : std::string(character);
}

std::string toLower(std::string_view character)
{
    if (character.size() == 1) {
        const char c = character[0];
        return {c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c};
    }
    return isWhole(character) ? converted(character, u_strToLower) : std::string(character);
}

std::string toTitle(std::string_view character)
{
    if (character.size() == 1)
        return toUpper(character);
    return isWhole(character) ? converted(character, titleCase) : std::string(character);
}

std::size_t findText(std::string_view text, std::string_view part, std::size_t from)
{
    constexpr std::size_t kShort = 16; // comparing at each place costs no more than this
    if (part.size() <= kShort || from > text.size())
        return text.find(part, from);
    // Knuth, Morris, Pratt: borders[i] is the longest border of the first i + 1 bytes.
    std::vector<std::size_t> borders(part.size());
    for (std::size_t i = 1, matched = 0; i < part.size(); ++i) {
        while (matched > 0 && part[i] != part[matched])
            matched = borders[matched - 1];
        borders[i] = matched += part[i] == part[matched] ? 1 : 0;
    }
    for (std::size_t i = from, matched = 0; i < text.size(); ++i) {
        while (matched > 0 && text[i] != part[matched])
            matched = borders[matched - 1];
        matched += text[i] == part[matched] ? 1 : 0;
        if (matched == part.size())
            return i + 1 - matched;
    }
    return std::string_view::npos;
}

std::size_t findLastText(std::string_view text, std::string_view part)
{
    const std::string reversed_text(text.rbegin(), text.rend());
    const std::string reversed_part(part.rbegin(), part.rend());
    const std::size_t at = findText(reversed_text, reversed_part);
    return at == std::string::npos ? at : text.size() - at - part.size();
}

std::size_t leadingSpace(std::string_view text)
{
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t n = characterLength(text.substr(at));
        if (!isSpace(text.substr(at, n)))
            break;
        at += n;
    }
    return at;
}

std::size_t trailingSpace(std::string_view text)
{
    std::size_t end = text.size();
    while (end > 0) {
        std::size_t n = 1;
        while (n < 4 && n < end && (static_cast<unsigned char>(text[end - n]) & 0xC0) == 0x80)
            ++n;
        if (!isSpace(text.substr(end - n, n)))
            break;
        end -= n;
    }
    return text.size() - end;
}

} // namespace gorgon::jinja
