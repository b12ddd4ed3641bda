// SPDX-License-Identifier: Apache-2.0
#include "core/text/stream_decoder.h"

#include "core/text/utf8.h"

namespace gorgon {

StreamDecoder::StreamDecoder(
    std::shared_ptr<const Tokenizer> tokenizer, bool at_start, bool skip_special)
    : m_tokenizer(std::move(tokenizer))
    , m_at_start(at_start && m_tokenizer->addsPrefixSpace())
    , m_skip_special(skip_special)
{
}

std::string StreamDecoder::push(int id)
{
    if (m_tokenizer->isControl(id)) {
        std::string text = finish();
        if (!m_skip_special) {
            text += m_tokenizer->label(id);
            m_at_start = false;
        }
        return text;
    }
    std::string bytes = m_tokenizer->bytes(id);
    if (m_at_start && !bytes.empty()) {
        const bool is_space = bytes == " ";
        if (bytes[0] == ' ')
            bytes.erase(0, 1);
        m_at_start = is_space && m_tokenizer->dropsLeadingSpaces();
    }
    const std::size_t token_at = m_pending.size();
    m_pending += bytes;
    return takeTokens(token_at);
}

// The text of all whole tokens: what stands in one token with the beginning of a character is held
// with it, so that chunks end where tokens do.
std::string StreamDecoder::takeTokens(std::size_t last_token_at)
{
    const BrokenUtf8 broken = m_tokenizer->brokenUtf8();
    std::size_t end = 0;
    for (std::size_t at = 0; at < m_pending.size();) {
        const Utf8Unit unit = firstUtf8Unit(std::string_view(m_pending).substr(at), broken);
        if (unit.kind == Utf8Unit::Kind::Unfinished)
            break;
        at += unit.n_bytes;
        if (at == last_token_at || at == m_pending.size())
            end = at;
    }
    std::string text = m_pending.substr(0, end);
    m_pending.erase(0, end);
    return takeUtf8(text, true, broken);
}

std::string StreamDecoder::finish()
{
    return takeUtf8(m_pending, true, m_tokenizer->brokenUtf8());
}

std::string decodeTokens(
    const Tokenizer& tokenizer, std::span<const int> ids, bool at_start, bool skip_special)
{
    // The decoder does not outlive this call, so it need not own the tokenizer.
    StreamDecoder decoder(std::shared_ptr<const Tokenizer>(std::shared_ptr<void>(), &tokenizer),
        at_start, skip_special);
    std::string text;
    for (const int id : ids)
        text += decoder.push(id);
    return text + decoder.finish();
}

} // namespace gorgon
