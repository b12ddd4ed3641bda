// SPDX-License-Identifier: Apache-2.0
#include "core/text/byte_letters.h"

#include <array>

#include "core/text/characters.h"
#include "core/text/utf8.h"

namespace gorgon {

namespace {

struct Letters
{
    std::array<std::string, 256> of_byte;
    std::array<int, 0x180> byte_of{}; // -1: none

    Letters()
    {
        byte_of.fill(-1);
        char32_t next = 0x100;
        for (int byte = 0; byte < 256; ++byte) {
            const bool prints
                = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
            const char32_t letter = prints ? static_cast<char32_t>(byte) : next++;
            appendCharacter(of_byte[static_cast<std::size_t>(byte)], letter);
            byte_of[letter] = byte;
        }
    }
};

const Letters& letters()
{
    static const Letters all;
    return all;
}

} // namespace

std::string_view byteLetter(unsigned char byte)
{
    return letters().of_byte[byte];
}

std::string toByteLetters(std::string_view bytes)
{
    std::string text;
    text.reserve(2 * bytes.size());
    for (const char byte : bytes)
        text += byteLetter(static_cast<unsigned char>(byte));
    return text;
}

std::string fromByteLetters(std::string_view text)
{
    std::string bytes;
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        const char32_t letter = firstCharacter(rest);
        const int byte = letter < letters().byte_of.size() ? letters().byte_of[letter] : -1;
        if (byte < 0)
            return std::string(text);
        bytes += static_cast<char>(byte);
        at += static_cast<std::size_t>(utf8Length(rest));
    }
    return bytes;
}

} // namespace gorgon
