// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/lexer.h"

#include <algorithm>
#include <array>

#include "core/text/jinja/characters.h"

namespace gorgon::jinja {

namespace {

using Kind = Token::Kind;

constexpr std::array kOperators{"//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~",
    "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"};

bool isDigitByte(char c)
{
    return c >= '0' && c <= '9';
}

bool isNameByte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
        || static_cast<unsigned char>(c) >= 0x80 || isDigitByte(c);
}

class Lexer
{
public:
    explicit Lexer(std::string_view source)
        : m_source(source)
    {
    }

    std::vector<Token> run();

private:
    [[noreturn]] void fail(std::string message, std::size_t at) const
    {
        throw SyntaxError{std::move(message), static_cast<std::uint32_t>(at)};
    }
    bool follows(std::string_view text) const { return m_source.substr(m_at).starts_with(text); }
    void add(Kind kind, std::string text, std::size_t at)
    {
        m_tokens.push_back({kind, std::move(text), static_cast<std::uint32_t>(at)});
    }
    void addData(std::size_t begin, std::size_t end)
    {
        if (begin < end)
            add(Kind::Data, std::string(m_source.substr(begin, end - begin)), begin);
    }
    void skipSpace() { m_at += leadingSpace(m_source.substr(m_at)); }
    std::size_t dataEnd(std::size_t begin, std::size_t tag) const;
    bool skipEnd(std::string_view end, bool trims);
    void comment(std::size_t tag);
    bool raw();
    void inside(std::string_view end, Kind end_kind, std::size_t tag);
    void number();
    void string();
    void unicodeEscape(std::string& text, int digits);

    std::string_view m_source;
    std::size_t m_at = 0;
    bool m_line_starts = true; // what was read last ended a line
    std::vector<Token> m_tokens;
};

// Where the text in front of a tag ends.
std::size_t Lexer::dataEnd(std::size_t begin, std::size_t tag) const
{
    const std::string_view text = m_source.substr(begin, tag - begin);
    const char sign = tag + 2 < m_source.size() ? m_source[tag + 2] : '\0';
    if (sign == '-')
        return tag - trailingSpace(text);
    if (sign == '+' || m_source[tag + 1] == '{')
        return tag;
    const std::size_t line = text.rfind('\n') + 1; // npos + 1 is 0
    const bool blank = leadingSpace(text.substr(line)) == text.size() - line;
    return (line > 0 || m_line_starts) && blank ? begin + line : tag;
}

// "-%}" takes white space behind it along, "%}" one line break, "+%}" nothing.
bool Lexer::skipEnd(std::string_view end, bool trims)
{
    const std::size_t begin = m_at;
    const bool minus = follows("-"), plus = trims && follows("+");
    if (!m_source.substr(m_at + (minus || plus ? 1 : 0)).starts_with(end))
        return false;
    m_at += (minus || plus ? 1 : 0) + end.size();
    if (minus)
        skipSpace();
    else if (trims && !plus && follows("\n"))
        ++m_at;
    m_line_starts = m_at > begin && m_source[m_at - 1] == '\n';
    return true;
}

void Lexer::comment(std::size_t tag)
{
    const std::size_t end = m_source.find("#}", m_at);
    if (end == std::string_view::npos)
        fail("expected '#}' to end the comment, found none", tag);
    const char sign = end > m_at ? m_source[end - 1] : '\0';
    m_at = end - (sign == '-' || sign == '+' ? 1 : 0);
    skipEnd("#}", true);
}

// Behind "{%": text that is taken as it is up to endraw.
bool Lexer::raw()
{
    const std::size_t begin = m_at;
    skipSpace();
    if (follows("raw")) {
        m_at += 3;
        skipSpace();
        if (skipEnd("%}", false)) {
            const std::size_t text = m_at;
            for (std::size_t tag = m_at; (tag = m_source.find("{%", tag)) != m_source.npos; ++tag) {
                m_at = tag + 2;
                if (follows("-") || follows("+"))
                    ++m_at;
                skipSpace();
                if (!follows("endraw"))
                    continue;
                m_at += 6;
                skipSpace();
                const std::size_t end = dataEnd(text, tag);
                if (!skipEnd("%}", true))
                    continue;
                addData(text, end);
                return true;
            }
            fail("expected 'endraw', found none", begin);
        }
    }
    m_at = begin;
    return false;
}

void Lexer::number()
{
    const std::size_t begin = m_at;
    const auto digits = [&](auto is) {
        while (m_at < m_source.size()
            && (is(m_source[m_at])
                || (m_source[m_at] == '_' && m_at + 1 < m_source.size() && is(m_source[m_at + 1]))))
            ++m_at;
    };
    const auto digitAt
        = [&](std::size_t at) { return at < m_source.size() && isDigitByte(m_source[at]); };
    const bool behind_dot = begin > 0 && m_source[begin - 1] == '.';
    Kind kind = Kind::Integer;
    const char mark
        = begin + 1 < m_source.size() ? static_cast<char>(m_source[begin + 1] | 0x20) : '\0';
    if (m_source[begin] == '0' && (mark == 'x' || mark == 'o' || mark == 'b')) {
        m_at += 2;
        digits([](char c) { return isDigitByte(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); });
    } else {
        digits(isDigitByte);
        if (!behind_dot && follows(".") && digitAt(m_at + 1)) {
            kind = Kind::Float;
            ++m_at;
            digits(isDigitByte);
        }
        if (!behind_dot && (follows("e") || follows("E"))) {
            const std::size_t sign = m_at + 1 < m_source.size()
                && (m_source[m_at + 1] == '-' || m_source[m_at + 1] == '+');
            if (digitAt(m_at + 1 + sign)) {
                kind = Kind::Float;
                m_at += 1 + sign;
                digits(isDigitByte);
            }
        }
    }
    std::string text(m_source.substr(begin, m_at - begin));
    std::erase(text, '_');
    add(kind, std::move(text), begin);
}

void Lexer::unicodeEscape(std::string& text, int digits)
{
    char32_t code = 0;
    for (int i = 0; i < digits; ++i) {
        const char c = m_at < m_source.size() ? m_source[m_at] : '\0';
        const char low = static_cast<char>(c | 0x20);
        if (!isDigitByte(c) && !(low >= 'a' && low <= 'f'))
            fail("expected " + std::to_string(digits) + " hexadecimal digits, found others", m_at);
        code = code * 16 + static_cast<char32_t>(isDigitByte(c) ? c - '0' : low - 'a' + 10);
        ++m_at;
    }
    text += fromCodePoint(code);
}

void Lexer::string()
{
    const std::size_t begin = m_at;
    const char quote = m_source[m_at++];
    std::string text;
    for (;;) {
        if (m_at >= m_source.size())
            fail("expected the end of the text in quotes, found none", begin);
        const char c = m_source[m_at++];
        if (c == quote)
            break;
        if (c != '\\') {
            text += c;
            continue;
        }
        if (m_at >= m_source.size())
            continue; // the end is missing
        const char escaped = m_source[m_at++];
        constexpr std::string_view kLetters = "abfnrtv\\'\"\n";
        constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\'\"";
        if (const std::size_t which = kLetters.find(escaped); which != kLetters.npos)
            text += kMeanings.substr(std::min(which, kMeanings.size()), 1);
        else if (escaped == 'x' || escaped == 'u' || escaped == 'U')
            unicodeEscape(text, escaped == 'x' ? 2 : escaped == 'u' ? 4 : 8);
        else if (escaped >= '0' && escaped <= '7') {
            char32_t code = static_cast<char32_t>(escaped - '0');
            for (int i = 0;
                 i < 2 && m_at < m_source.size() && m_source[m_at] >= '0' && m_source[m_at] <= '7';
                 ++i)
                code = code * 8 + static_cast<char32_t>(m_source[m_at++] - '0');
            text += fromCodePoint(code);
        } else {
            text += '\\';
            --m_at;
        }
    }
    add(Kind::String, std::move(text), begin);
}

// Between the marks of a tag.
void Lexer::inside(std::string_view end, Kind end_kind, std::size_t tag)
{
    std::vector<char> open;
    for (;;) {
        skipSpace();
        if (m_at >= m_source.size())
            fail("expected '" + std::string(end) + "', found the end of the template", tag);
        const std::size_t begin = m_at;
        if (open.empty() && skipEnd(end, end == "%}")) {
            add(end_kind, std::string(end), begin);
            return;
        }
        const char c = m_source[m_at];
        if (isDigitByte(c)) {
            number();
            continue;
        }
        if (c == '"' || c == '\'') {
            string();
            continue;
        }
        if (isNameByte(c)) {
            while (m_at < m_source.size() && isNameByte(m_source[m_at]))
                ++m_at;
            add(Kind::Name, std::string(m_source.substr(begin, m_at - begin)), begin);
            continue;
        }
        const auto* found
            = std::ranges::find_if(kOperators, [&](const char* text) { return follows(text); });
        if (found == kOperators.end())
            fail("expected a name, a value or an operator, found '"
                    + std::string(m_source.substr(m_at, characterLength(m_source.substr(m_at))))
                    + "'",
                m_at);
        const std::string text = *found;
        if (text == "(" || text == "[" || text == "{")
            open.push_back(text[0] == '(' ? ')' : text[0] == '[' ? ']' : '}');
        else if (text == ")" || text == "]" || text == "}") {
            if (open.empty() || open.back() != text[0])
                fail("expected brackets in pairs, found '" + text + "' alone", m_at);
            open.pop_back();
        }
        m_at += text.size();
        add(Kind::Operator, text, begin);
    }
}

std::vector<Token> Lexer::run()
{
    while (m_at < m_source.size()) {
        const std::size_t begin = m_at;
        std::size_t tag = m_source.find('{', m_at);
        while (tag != m_source.npos
            && (tag + 1 >= m_source.size()
                || std::string_view("{%#").find(m_source[tag + 1]) == std::string_view::npos))
            tag = m_source.find('{', tag + 1);
        if (tag == m_source.npos) {
            addData(begin, m_source.size());
            break;
        }
        addData(begin, dataEnd(begin, tag));
        m_at = tag + 2;
        if (follows("-") || follows("+"))
            ++m_at;
        switch (m_source[tag + 1]) {
        case '#':
            comment(tag);
            break;
        case '{':
            add(Kind::VariableBegin, "{{", tag);
            inside("}}", Kind::VariableEnd, tag);
            break;
        default:
            if (raw())
                break;
            add(Kind::BlockBegin, "{%", tag);
            inside("%}", Kind::BlockEnd, tag);
        }
    }
    add(Kind::End, "", m_source.size());
    return std::move(m_tokens);
}

} // namespace

std::string normalizedSource(std::string_view source)
{
    std::string normalized;
    normalized.reserve(source.size());
    for (std::size_t i = 0; i < source.size(); ++i) {
        if (source[i] == '\r' && i + 1 < source.size() && source[i + 1] == '\n')
            continue;
        normalized += source[i] == '\r' ? '\n' : source[i];
    }
    if (normalized.ends_with('\n'))
        normalized.pop_back();
    return normalized;
}

std::vector<Token> tokenize(std::string_view source)
{
    return Lexer(source).run();
}

} // namespace gorgon::jinja
