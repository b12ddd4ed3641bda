// SPDX-License-Identifier: Apache-2.0
// Characters as Python's str counts, classes and changes them. A byte that belongs to none is a
// character of its own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/text/jinja/text.h"

namespace gorgon::jinja {

/// Bytes of the character at the front; at least 1 where there are any.
std::size_t characterLength(std::string_view text);
std::size_t countCharacters(std::string_view text);
/// Byte where the character `index` begins; the end where there are fewer.
std::size_t byteOfCharacter(std::string_view text, std::size_t index);
/// The code point of one character, or U+FFFD.
char32_t codePoint(std::string_view character);
std::string fromCodePoint(char32_t code);

bool isSpace(std::string_view character); // str.isspace
bool isLineEnd(std::string_view character); // where str.splitlines parts
bool isAlpha(std::string_view character);
bool isDigit(std::string_view character);
bool isNumeric(std::string_view character);
bool isUpper(std::string_view character);
bool isLower(std::string_view character);
std::string toUpper(std::string_view character);
std::string toLower(std::string_view character);
std::string toTitle(std::string_view character);

/// Byte where `part` begins at or behind `from`, in linear time; npos where it does not.
std::size_t findText(std::string_view text, std::string_view part, std::size_t from = 0);
/// The last such byte.
std::size_t findLastText(std::string_view text, std::string_view part);

/// Bytes that white space takes at either end.
std::size_t leadingSpace(std::string_view text);
std::size_t trailingSpace(std::string_view text);

/// Each character replaced by `change(character)`, which keeps its source.
template <typename Change> Text mapCharacters(const Text& text, Change change)
{
    Text result;
    result.reserve(text.size());
    const std::string_view bytes = text.bytes();
    const auto& runs = text.runs();
    for (std::size_t at = 0, run = 0; at < bytes.size();) {
        const std::size_t end = at + characterLength(bytes.substr(at));
        while (runs[run].end <= at)
            ++run;
        const int source = end <= runs[run].end ? runs[run].source : text.sourceOf(at, end);
        result.append(change(bytes.substr(at, end - at)), source);
        at = end;
    }
    return result;
}

} // namespace gorgon::jinja
