// SPDX-License-Identifier: Apache-2.0
#include "core/text/pattern.h"

#include <algorithm>
#include <stdexcept>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/text/json_options.h"
#include "core/text/utf8.h"

namespace gorgon {

namespace {

constexpr std::size_t kMaxExpressionBytes = std::size_t(1) << 16;
constexpr std::size_t kJitStackBytes = std::size_t(1) << 20;
// A sound expression takes a few steps a byte: a run of spaces is walked to its end and back.
constexpr std::size_t kMatchLimit = 1'000'000, kMatchLimitPerByte = 16;
constexpr std::size_t kMaxReplacedBytes = std::size_t(256) << 20;
constexpr std::uint32_t kHeapLimitKib = 64 << 10;

// What matching needs beside the expression; one of each thread.
class Matcher
{
public:
    Matcher()
        : m_data(pcre2_match_data_create(1, nullptr))
        , m_context(pcre2_match_context_create(nullptr))
        , m_stack(pcre2_jit_stack_create(32 << 10, kJitStackBytes, nullptr))
    {
        if (!m_data || !m_context)
            throw std::bad_alloc();
        pcre2_set_heap_limit(m_context, kHeapLimitKib);
        if (m_stack)
            pcre2_jit_stack_assign(m_context, nullptr, m_stack);
    }
    ~Matcher()
    {
        pcre2_jit_stack_free(m_stack);
        pcre2_match_context_free(m_context);
        pcre2_match_data_free(m_data);
    }
    Matcher(const Matcher&) = delete;
    Matcher& operator=(const Matcher&) = delete;

    int match(const pcre2_code* code, std::string_view text, std::size_t from)
    {
        const std::size_t limit
            = std::min<std::size_t>(kMatchLimit + kMatchLimitPerByte * text.size(), UINT32_MAX);
        pcre2_set_match_limit(m_context, static_cast<std::uint32_t>(limit));
        return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
            PCRE2_NO_UTF_CHECK, m_data, m_context);
    }
    const PCRE2_SIZE* ovector() const { return pcre2_get_ovector_pointer(m_data); }

private:
    pcre2_match_data* m_data;
    pcre2_match_context* m_context;
    pcre2_jit_stack* m_stack;
};

std::string messageOf(int error)
{
    PCRE2_UCHAR text[128] = {};
    pcre2_get_error_message(error, text, sizeof text);
    return reinterpret_cast<const char*>(text);
}

} // namespace

Pattern Pattern::literal(std::string text)
{
    Pattern pattern;
    pattern.m_text = std::move(text);
    return pattern;
}

Pattern Pattern::regex(std::string_view expression, const std::string& where)
{
    const JsonPart part{nullptr, where};
    if (expression.empty() || expression.size() > kMaxExpressionBytes)
        part.refuse(
            "a regular expression of 1 to " + std::to_string(kMaxExpressionBytes) + " bytes",
            std::to_string(expression.size()));
    const std::string source = pcrePattern(expression, part);
    constexpr std::uint32_t kOptions
        = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_BACKSLASH_C;
    const std::unique_ptr<pcre2_compile_context, void (*)(pcre2_compile_context*)> context(
        pcre2_compile_context_create(nullptr), pcre2_compile_context_free);
    if (!context)
        throw std::bad_alloc();
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    int error = 0;
    PCRE2_SIZE error_at = 0;
    pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(source.data()), source.size(),
        kOptions, &error, &error_at, context.get());
    if (!code)
        part.refuse("a regular expression", "one that cannot be read (" + messageOf(error) + ")");
    Pattern pattern;
    pattern.m_where = where;
    pattern.m_code.reset(code, pcre2_code_free);
    // Where it cannot be compiled to machine code, it is interpreted.
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    return pattern;
}

Pattern Pattern::parse(const JsonPart& part)
{
    if (part.has("String"))
        return literal(part.text("String"));
    if (part.has("Regex"))
        return regex(part.text("Regex"), part.where + ".Regex");
    part.refuse("a field \"String\" or \"Regex\"", "neither");
}

std::optional<Pattern::Match> Pattern::find(std::string_view text, std::size_t from) const
{
    if (!m_code) {
        const std::size_t at = m_text.empty() ? std::string_view::npos : text.find(m_text, from);
        if (at == std::string_view::npos)
            return std::nullopt;
        return Match{at, at + m_text.size()};
    }
    thread_local Matcher matcher;
    const int found = matcher.match(m_code.get(), text, from);
    if (found == PCRE2_ERROR_NOMATCH)
        return std::nullopt;
    if (found < 0)
        throw std::runtime_error(m_where
            + ": expected a regular expression that goes through the text quickly, found one that "
              "does not ("
            + messageOf(found) + "); choose a model with another tokenizer file");
    const PCRE2_SIZE* range = matcher.ovector();
    // The dialect lacks \K, so a match neither begins before `from` nor ends before it begins.
    return Match{range[0], range[1]};
}

std::size_t Pattern::after(Match match, std::string_view text)
{
    if (match.end > match.begin)
        return match.end;
    const int length = match.end < text.size() ? utf8Length(text.substr(match.end)) : 1;
    return match.end + static_cast<std::size_t>(std::max(1, length));
}

std::string replaced(std::string_view text, const Pattern& pattern, std::string_view content)
{
    std::string out;
    out.reserve(text.size() + text.size() / 4);
    std::size_t done = 0;
    for (std::size_t from = 0; from <= text.size();) {
        const auto match = pattern.find(text, from);
        if (!match)
            break;
        out += text.substr(done, match->begin - done);
        out += content;
        done = match->end;
        if (out.size() > kMaxReplacedBytes)
            throw std::runtime_error("text: expected at most " + std::to_string(kMaxReplacedBytes)
                + " bytes once it is normalised, found more; shorten it");
        from = Pattern::after(*match, text);
    }
    out += text.substr(done);
    return out;
}

} // namespace gorgon
