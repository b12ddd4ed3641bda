// SPDX-License-Identifier: Apache-2.0
// What a pre-tokeniser or a normaliser looks for: a text or a regular expression.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct pcre2_real_code_8;

namespace gorgon {

struct JsonPart;

class Pattern
{
public:
    struct Match
    {
        std::size_t begin = 0, end = 0;
    };

    /// A text, as it stands.
    static Pattern literal(std::string text);
    /// A regular expression as tokenizer files write it (Oniguruma's dialect). Throws
    /// std::runtime_error naming `where`.
    static Pattern regex(std::string_view expression, const std::string& where);
    /// {"String": ...} or {"Regex": ...}.
    static Pattern parse(const JsonPart& part);

    /// The first match from `from` on; text: valid UTF-8. Throws std::runtime_error where the
    /// expression takes far longer than text of that length should.
    std::optional<Match> find(std::string_view text, std::size_t from) const;
    /// Where the search goes on behind a match: one character later where the match is empty.
    static std::size_t after(Match match, std::string_view text);

private:
    std::string m_text; // literal
    std::string m_where; // of an expression, for errors
    std::shared_ptr<pcre2_real_code_8> m_code;
};

/// The text with `content` in place of every match.
std::string replaced(std::string_view text, const Pattern& pattern, std::string_view content);

/// The same expression in PCRE2's dialect; refuses what means something else there.
std::string pcrePattern(std::string_view oniguruma, const JsonPart& part);

} // namespace gorgon
