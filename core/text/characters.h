// SPDX-License-Identifier: Apache-2.0
// Unicode characters at the ends of UTF-8 text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gorgon {

inline constexpr char32_t kNoCharacter = 0xFFFFFFFF;

/// kNoCharacter where the text is empty or holds no whole character there.
char32_t firstCharacter(std::string_view text);
char32_t lastCharacter(std::string_view text);
void appendCharacter(std::string& text, char32_t character);

/// Letters, marks, decimal digits and what joins them, as Unicode's regular expressions have it.
bool isWordCharacter(char32_t character);
/// The property White_Space.
bool isSpaceCharacter(char32_t character);
/// Bytes of whitespace at the front, at the end.
std::size_t leadingSpaces(std::string_view text);
std::size_t trailingSpaces(std::string_view text);

} // namespace gorgon
