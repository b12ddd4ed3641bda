// SPDX-License-Identifier: Apache-2.0
// Tokenizer files are written for Oniguruma (Ruby's dialect, all Unicode). What PCRE2 reads alike
// passes, what it names differently is rewritten, everything else is refused.
#include <string>

#include "core/text/json_options.h"
#include "core/text/pattern.h"

namespace gorgon {

namespace {

// White_Space. PCRE2's own \s also holds U+180E.
constexpr const char* kSpaces = "\\t-\\r\\x20\\x85\\xA0\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{"
                                "2029}\\x{202F}\\x{205F}\\x{3000}";
constexpr const char* kNoSpaces = "\\S\\x{180E}";
constexpr const char* kWords = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
constexpr const char* kHexDigits = "0-9a-fA-F";

bool isLetterOrDigit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool isHexDigit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

class Translator
{
public:
    Translator(std::string_view source, const JsonPart& part)
        : m_source(source)
        , m_part(part)
    {
    }

    std::string run()
    {
        while (m_at < m_source.size())
            step();
        if (m_in_class)
            refuse("[ without ]");
        return std::move(m_out);
    }

private:
    [[noreturn]] void refuse(const std::string& found) const
    {
        m_part.refuse("a regular expression of plain groups, classes and repetitions",
            found + ", which is not supported");
    }
    bool follows(std::string_view text) const { return m_source.substr(m_at).starts_with(text); }
    void copy(std::size_t n)
    {
        m_out += m_source.substr(m_at, n);
        m_at += n;
    }
    void step();
    void stepInClass();
    void escape();
    void group();
    void set(const char* members, bool negated)
    {
        m_out += std::string(negated ? "[^" : "[") + members + "]";
    }

    std::string_view m_source;
    const JsonPart& m_part;
    std::size_t m_at = 0;
    bool m_in_class = false;
    std::string m_out;
};

void Translator::escape()
{
    const char c = m_at + 1 < m_source.size() ? m_source[m_at + 1] : '\0';
    if (c == '\0')
        refuse("a \\ at its end");
    const std::string name = std::string("\\") + c;
    if (c == 'p' || c == 'P') {
        const std::size_t end = m_source.find('}', m_at);
        if (m_at + 2 >= m_source.size() || m_source[m_at + 2] != '{'
            || end == std::string_view::npos)
            refuse(name + " without a name in braces");
        copy(end + 1 - m_at);
        return;
    }
    if (c == 'u' || c == 'x') {
        if (c == 'x' && m_source.substr(m_at + 2).starts_with('{')) {
            copy(3);
            return;
        }
        const std::size_t n = c == 'u' ? 4 : 2;
        const std::string_view digits = m_source.substr(m_at + 2, n);
        for (const char digit : digits)
            if (!isHexDigit(digit))
                refuse(name + " without " + std::to_string(n) + " digits");
        if (digits.size() != n)
            refuse(name + " without " + std::to_string(n) + " digits");
        m_out += "\\x{" + std::string(digits) + "}";
        m_at += 2 + n;
        return;
    }
    m_at += 2;
    const bool negated = c == 'S' || c == 'W' || c == 'H';
    switch (c) {
    case 's':
    case 'S':
        if (m_in_class)
            m_out += negated ? kNoSpaces : kSpaces;
        else
            set(kSpaces, negated);
        return;
    case 'w':
    case 'W':
    case 'h':
    case 'H':
        if (m_in_class && negated)
            refuse(name + " in a class");
        if (const char* members = c == 'w' || c == 'W' ? kWords : kHexDigits; m_in_class)
            m_out += members;
        else
            set(members, negated);
        return;
    case 'v':
        m_out += "\\x0B";
        return;
    case 'b':
    case 'B':
        // PCRE2 takes other characters for those of words.
        refuse(name);
    case 'n':
    case 'r':
    case 't':
    case 'f':
    case 'd':
    case 'D':
    case 'A':
    case 'z':
        if (m_in_class && (c == 'A' || c == 'z'))
            refuse(name + " in a class");
        m_out += name;
        return;
    default:
        if (isLetterOrDigit(c))
            refuse(name);
        m_out += name;
    }
}

void Translator::stepInClass()
{
    if (follows("&&"))
        refuse("&& in a class");
    const char c = m_source[m_at];
    if (c == '\\') {
        escape();
    } else if (c == '[') {
        const std::size_t end = m_source.find(":]", m_at);
        if (!follows("[:") || end == std::string_view::npos)
            refuse("a class in a class");
        copy(end + 2 - m_at);
    } else {
        m_in_class = c != ']';
        copy(1);
    }
}

void Translator::group()
{
    if (follows("(*"))
        refuse("(*");
    if (!follows("(?")) {
        copy(1);
        return;
    }
    for (const char* plain :
        {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i)", "(?i:", "(?-i:", "(?-i)"})
        if (follows(plain)) {
            copy(std::string_view(plain).size());
            return;
        }
    refuse(std::string(m_source.substr(m_at, 3)));
}

void Translator::step()
{
    if (m_in_class) {
        stepInClass();
        return;
    }
    switch (m_source[m_at]) {
    case '\\':
        escape();
        return;
    case '(':
        group();
        return;
    case '[':
        m_in_class = true;
        copy(follows("[^") ? 2 : 1);
        if (follows("]"))
            refuse("an empty class");
        return;
    case '{': {
        // Ruby: {,n} counts from 0, and a + behind the braces repeats once more.
        const std::size_t end = std::min(m_source.find('}', m_at), m_source.size() - 1);
        if (follows("{,"))
            refuse("{,");
        if (m_source.substr(end + 1).starts_with('+'))
            refuse("}+");
        copy(end + 1 - m_at);
        return;
    }
    default:
        copy(1);
    }
}

} // namespace

std::string pcrePattern(std::string_view oniguruma, const JsonPart& part)
{
    return Translator(oniguruma, part).run();
}

} // namespace gorgon
