// SPDX-License-Identifier: Apache-2.0
// UTF-8 as the standard has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gorgon {

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; // U+FFFD

/// What becomes of bytes that belong to no character: a U+FFFD for each, as SentencePiece has it,
/// or one for as much as a character could have begun with, as Unicode recommends.
enum class BrokenUtf8
{
    OnePerByte,
    OnePerCharacter
};

/// Bytes of the character at the front; 0 where none is whole there.
int utf8Length(std::string_view text);

struct Utf8Unit
{
    enum class Kind
    {
        Whole,
        Broken,
        Unfinished
    }; // Unfinished: more bytes may complete it
    std::size_t n_bytes = 0;
    Kind kind = Kind::Broken;
};

/// What the bytes begin with: a character, or bytes that become one U+FFFD. text: not empty.
Utf8Unit firstUtf8Unit(std::string_view text, BrokenUtf8 broken);
/// Moves whole characters from `bytes` to the answer; bytes that belong to none become U+FFFD.
/// What may still become a character stays in `bytes`, or is replaced too where `at_end`.
std::string takeUtf8(std::string& bytes, bool at_end, BrokenUtf8 broken = BrokenUtf8::OnePerByte);
/// One U+FFFD for each byte that belongs to no character, as SentencePiece counts them.
std::string toValidUtf8(std::string_view text);

} // namespace gorgon
