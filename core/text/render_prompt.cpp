// SPDX-License-Identifier: Apache-2.0
#include "core/text/chat_template.h"
#include "core/text/control_matcher.h"
#include "core/text/stream_decoder.h"

namespace gorgon {

namespace {

// Plain text between two control tokens becomes ids in one go, whoever wrote it, as the reference
// does it; ids that a message carries are taken as they are and cut that text in two.
class PromptBuilder
{
public:
    explicit PromptBuilder(const Tokenizer& tokenizer)
        : m_tokenizer(tokenizer)
        , m_controls(tokenizer)
    {
    }

    void add(const PromptPart& part, const std::vector<ChatMessage>& messages);
    RenderedPrompt finish()
    {
        flush();
        return std::move(m_prompt);
    }

private:
    void flush();
    void addToken(const PromptPart& part, int id);
    void addTemplateText(std::string_view text);
    bool spliceTokens(const std::string& text, const std::vector<int>& kept);

    const Tokenizer& m_tokenizer;
    ControlMatcher m_controls;
    RenderedPrompt m_prompt;
    std::string m_run; // plain text that is not ids yet
    bool m_continues = false; // the run follows ids of plain text, not a control token
};

void PromptBuilder::flush()
{
    if (m_run.empty())
        return;
    const bool prefix
        = !m_continues && (m_prompt.tokens.empty() || m_tokenizer.addsPrefixSpaceAfterControl());
    const std::vector<int> ids
        = prefix ? m_tokenizer.encode(m_run) : m_tokenizer.encodeContinuation(m_run);
    m_prompt.tokens.insert(m_prompt.tokens.end(), ids.begin(), ids.end());
    m_run.clear();
    m_continues = true;
}

void PromptBuilder::addToken(const PromptPart& part, int id)
{
    if (id < 0)
        return;
    flush();
    m_prompt.tokens.push_back(id);
    if (!part.text.empty())
        m_prompt.text += m_tokenizer.label(id);
    m_continues = false;
}

void PromptBuilder::addTemplateText(std::string_view text)
{
    m_prompt.text += text;
    for (const TextSegment& segment : m_controls.split(text)) {
        if (segment.control < 0) {
            m_run += segment.text;
            continue;
        }
        flush();
        m_prompt.tokens.push_back(segment.control);
        m_continues = false;
    }
}

bool PromptBuilder::spliceTokens(const std::string& text, const std::vector<int>& kept)
{
    std::span<const int> ids = kept;
    // The end of a turn is the template's to write.
    while (!ids.empty() && m_tokenizer.isControl(ids.back()))
        ids = ids.first(ids.size() - 1);
    if (ids.empty())
        return false;
    for (const int id : ids)
        if (id < 0 || id >= m_tokenizer.vocabSize() || m_tokenizer.isControl(id))
            return false;
    const std::string written = decodeTokens(m_tokenizer, ids, false, true);
    if (written == " " + text) {
        // The tokens bring the space that the template, or the tokenizer, would have put in front.
        if (m_run.ends_with(' '))
            m_run.pop_back();
        else if (!m_run.empty() || m_continues || !m_tokenizer.addsPrefixSpace())
            return false;
    } else if (written != text)
        return false;
    flush();
    m_prompt.tokens.insert(m_prompt.tokens.end(), ids.begin(), ids.end());
    m_continues = true;
    return true;
}

void PromptBuilder::add(const PromptPart& part, const std::vector<ChatMessage>& messages)
{
    if (part.kind != PromptPart::Kind::Text)
        addToken(part,
            part.kind == PromptPart::Kind::Begin ? m_tokenizer.bosToken() : m_tokenizer.eosToken());
    else if (part.message < 0 || part.message >= static_cast<int>(messages.size()))
        addTemplateText(part.text);
    else {
        if (!spliceTokens(part.text, messages[part.message].tokens))
            m_run += part.text;
        m_prompt.text += part.text;
    }
}

} // namespace

RenderedPrompt renderPrompt(const ChatTemplate& chat_template, const Tokenizer& tokenizer,
    const std::vector<ChatMessage>& messages, bool add_generation_prompt)
{
    PromptBuilder builder(tokenizer);
    for (const PromptPart& part : chat_template.render(messages, add_generation_prompt))
        builder.add(part, messages);
    return builder.finish();
}

} // namespace gorgon
