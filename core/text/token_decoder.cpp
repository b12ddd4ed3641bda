// SPDX-License-Identifier: Apache-2.0
#include "core/text/token_decoder.h"

#include <charconv>
#include <optional>

#include "core/text/byte_letters.h"
#include "core/text/normalizer.h"
#include "core/text/utf8.h"

namespace gorgon {

namespace {

// "<0xE2>"
std::optional<char> byteOf(std::string_view token)
{
    if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>')
        return std::nullopt;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(token.data() + 3, token.data() + 5, value, 16);
    if (error != std::errc() || end != token.data() + 5)
        return std::nullopt;
    return static_cast<char>(value);
}

bool isValid(std::string_view text)
{
    while (!text.empty()) {
        const int length = utf8Length(text);
        if (length == 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(length));
    }
    return true;
}

} // namespace

void TokenDecoder::add(const JsonPart& part)
{
    const std::string type = part.type();
    const auto only_at_the_end = [&] {
        if (m_is_byte_level || m_is_fused)
            part.refuse("it before ByteLevel and Fuse", "\"" + type + "\" behind them");
    };
    if (type == "ByteLevel") {
        only_at_the_end();
        m_is_byte_level = true;
    } else if (type == "Replace") {
        only_at_the_end();
        m_changes.push_back({Pattern::parse(part.at("pattern")), part.text("content"), false});
    } else if (type == "Metaspace") {
        only_at_the_end();
        const std::string scheme
            = part.text("prepend_scheme", part.flag("add_prefix_space", true) ? "always" : "never");
        const bool drops = scheme != "never";
        m_changes.push_back({Pattern::literal(part.text("replacement", "\u2581")), " ", drops});
        m_drops_space |= drops;
    } else if (type == "ByteFallback") {
        only_at_the_end();
        m_has_byte_fallback = true;
    } else if (type == "Fuse") {
        m_is_fused = true;
    } else if (type == "Strip") {
        const int start = part.number("start", 0, 1 << 20), stop = part.number("stop", 0, 1 << 20);
        if (start == 0 && stop == 0)
            return;
        if (!m_is_fused || start != 1 || stop != 0 || part.text("content", " ") != " ")
            part.refuse("one space taken from the front of the fused text",
                "another rule, which is not supported");
        m_drops_space = true;
    } else
        part.refuse(
            "ByteLevel, Replace, Metaspace, ByteFallback, Fuse, Strip or a Sequence of them",
            "\"" + type + "\", which is not supported");
}

TokenDecoder::TokenDecoder(const JsonPart& part)
{
    const std::vector<JsonPart> steps = flattened(part, "decoders");
    if (steps.empty())
        part.refuse("ByteLevel, Metaspace or a Sequence", "none");
    for (const JsonPart& step : steps)
        add(step);
}

std::string TokenDecoder::changed(std::string_view token, bool is_first) const
{
    std::string text(token);
    for (const Change& change : m_changes)
        text = replaced(
            text, change.pattern, is_first && change.drops_at_start ? "" : change.content);
    return text;
}

std::string TokenDecoder::bytes(std::string_view token) const
{
    const std::string text = changed(token, false);
    if (m_is_byte_level)
        return fromByteLetters(text);
    if (const auto byte = m_has_byte_fallback ? byteOf(text) : std::nullopt)
        return std::string(1, *byte);
    return text;
}

std::string TokenDecoder::decode(const std::vector<std::string_view>& tokens) const
{
    std::string out, run; // run: bytes of byte tokens in a row
    const auto flush = [&] {
        if (isValid(run))
            out += run;
        else
            for (std::size_t i = 0; i < run.size(); ++i)
                out += kReplacement;
        run.clear();
    };
    bool metaspace = false;
    for (const Change& change : m_changes)
        metaspace |= change.drops_at_start;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const std::string text = changed(tokens[i], i == 0);
        if (m_is_byte_level) {
            run += fromByteLetters(text);
        } else if (const auto byte = m_has_byte_fallback ? byteOf(text) : std::nullopt) {
            run += *byte;
        } else {
            flush();
            out += text;
        }
    }
    if (m_is_byte_level)
        return takeUtf8(run, true, BrokenUtf8::OnePerCharacter);
    flush();
    if (m_drops_space && !metaspace && out.starts_with(' '))
        out.erase(0, 1);
    return out;
}

} // namespace gorgon
