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
    m_pending += bytes;
    return takeUtf8(m_pending, false);
}

std::string StreamDecoder::finish()
{
    return takeUtf8(m_pending, true);
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
