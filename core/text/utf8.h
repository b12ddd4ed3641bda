// SPDX-License-Identifier: Apache-2.0
// UTF-8 as the standard has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <string>
#include <string_view>

namespace gorgon {

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; // U+FFFD

/// Bytes of the character at the front; 0 where none is whole there.
int utf8Length(std::string_view text);
/// True where the bytes may still become one character when more follow.
bool utf8IsUnfinished(std::string_view text);
/// Moves whole characters from `bytes` to the answer; a byte that belongs to none becomes U+FFFD.
/// What may still become a character stays in `bytes`, or is replaced too where `at_end`.
std::string takeUtf8(std::string& bytes, bool at_end);
/// One U+FFFD for each byte that belongs to no character, as SentencePiece counts them.
std::string toValidUtf8(std::string_view text);

} // namespace gorgon
