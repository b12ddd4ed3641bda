// SPDX-License-Identifier: Apache-2.0
// Template source to tokens, white space control done: the newline behind a block goes, and so
// does the blank before one at the start of a line (trim_blocks and lstrip_blocks).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gorgon::jinja {

struct Token
{
    enum class Kind
    {
        Data,
        VariableBegin,
        VariableEnd,
        BlockBegin,
        BlockEnd,
        Name,
        String, // escapes resolved
        Integer,
        Float,
        Operator,
        End,
    };

    Kind kind = Kind::End;
    std::string text;
    std::uint32_t at = 0; // byte in the source
};

/// A mistake in a template, with its place.
struct SyntaxError
{
    std::string message;
    std::uint32_t at = 0;
};

/// Line breaks as "\n", without the last one.
std::string normalizedSource(std::string_view source);
/// Of a normalized source. Throws SyntaxError.
std::vector<Token> tokenize(std::string_view source);

} // namespace gorgon::jinja
