// SPDX-License-Identifier: Apache-2.0
#include "core/text/characters.h"

#include <unicode/uchar.h>

#include "core/text/utf8.h"

namespace gorgon {

char32_t firstCharacter(std::string_view text)
{
    const int length = utf8Length(text);
    const auto byte = [&](int i) { return char32_t(static_cast<unsigned char>(text[i])); };
    switch (length) {
    case 1:
        return byte(0);
    case 2:
        return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    case 3:
        return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    case 4:
        return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6
            | (byte(3) & 0x3F);
    default:
        return kNoCharacter;
    }
}

char32_t lastCharacter(std::string_view text)
{
    std::size_t at = text.size();
    while (at > 0 && text.size() - at < 4) {
        --at;
        if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80)
            break;
    }
    return firstCharacter(text.substr(at));
}

void appendCharacter(std::string& text, char32_t character)
{
    const auto put = [&](char32_t bits) { text += static_cast<char>(bits); };
    if (character < 0x80) {
        put(character);
    } else if (character < 0x800) {
        put(0xC0 | character >> 6);
        put(0x80 | (character & 0x3F));
    } else if (character < 0x10000) {
        put(0xE0 | character >> 12);
        put(0x80 | (character >> 6 & 0x3F));
        put(0x80 | (character & 0x3F));
    } else {
        put(0xF0 | character >> 18);
        put(0x80 | (character >> 12 & 0x3F));
        put(0x80 | (character >> 6 & 0x3F));
        put(0x80 | (character & 0x3F));
    }
}

bool isWordCharacter(char32_t character)
{
    if (character == kNoCharacter)
        return false;
    const auto c = static_cast<UChar32>(character);
    constexpr std::uint32_t kParts = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
    return u_isUAlphabetic(c) || (U_GET_GC_MASK(c) & kParts) != 0 || c == 0x200C || c == 0x200D;
}

bool isSpaceCharacter(char32_t character)
{
    return character != kNoCharacter && u_isUWhiteSpace(static_cast<UChar32>(character));
}

std::size_t leadingSpaces(std::string_view text)
{
    std::size_t at = 0;
    while (at < text.size() && isSpaceCharacter(firstCharacter(text.substr(at))))
        at += static_cast<std::size_t>(utf8Length(text.substr(at)));
    return at;
}

std::size_t trailingSpaces(std::string_view text)
{
    std::size_t at = text.size();
    while (at > 0) {
        const char32_t character = lastCharacter(text.substr(0, at));
        if (!isSpaceCharacter(character))
            break;
        at -= character < 0x80 ? 1 : character < 0x800 ? 2 : 3;
    }
    return text.size() - at;
}

} // namespace gorgon
