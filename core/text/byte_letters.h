// SPDX-License-Identifier: Apache-2.0
// The letters that stand for bytes in byte-level vocabularies (GPT-2): printable Latin-1 for
// itself, the rest U+0100 and on.
#pragma once

#include <string>
#include <string_view>

namespace gorgon {

std::string_view byteLetter(unsigned char byte);
std::string toByteLetters(std::string_view bytes);
/// The bytes that the letters stand for; the text itself where one of them stands for none.
std::string fromByteLetters(std::string_view text);

} // namespace gorgon
