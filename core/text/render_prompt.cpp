// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text/chat_template.h"
#include "core/text/control_matcher.h"
#include "core/text/jinja/characters.h"
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
        for (const int id : {tokenizer.bosToken(), tokenizer.eosToken()})
            if (id >= 0)
                m_controls.add(tokenizer.label(id), id);
    }

    /// The begin token, which the text does not show.
    void begin() { addControl(m_tokenizer.bosToken()); }

    void add(const PromptPart& part, const std::vector<ChatMessage>& messages);
    RenderedPrompt finish()
    {
        flush();
        // A template that writes the begin token twice means it once.
        std::vector<int>& ids = m_prompt.tokens;
        if (ids.size() > 1 && ids[0] == m_tokenizer.bosToken() && ids[1] == ids[0]) {
            ids.erase(ids.begin());
            m_prompt.sources.erase(m_prompt.sources.begin());
        }
        return std::move(m_prompt);
    }

private:
    void flush();
    void addSources(std::span<const int> ids);
    void append(std::string_view text, int source);
    void addControl(int id);
    void addTemplateText(std::string_view text);
    bool spliceTokens(const std::string& text, const std::vector<int>& kept, int source);
    bool spliceExactly(const std::string& text, std::span<const int> ids, int source);

    const Tokenizer& m_tokenizer;
    ControlMatcher m_controls;
    RenderedPrompt m_prompt;
    std::string m_run; // plain text that is not ids yet
    std::vector<int> m_run_sources; // of each of its bytes
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
    addSources(ids);
    m_run.clear();
    m_run_sources.clear();
    m_continues = true;
}

// A token is whose its last byte is. Where the tokenizer changed the text the places shift a
// little: sources are for showing, control tokens do not depend on them.
void PromptBuilder::addSources(std::span<const int> ids)
{
    std::string written;
    for (const int id : ids)
        written += m_tokenizer.bytes(id);
    const size_t added = written.size() > m_run.size() ? written.size() - m_run.size() : 0;
    size_t end = 0;
    for (const int id : ids) {
        end += m_tokenizer.bytes(id).size();
        const size_t place = end > added + 1 ? end - added - 1 : 0;
        m_prompt.sources.push_back(m_run_sources[std::min(place, m_run_sources.size() - 1)]);
    }
}

void PromptBuilder::addControl(int id)
{
    if (id < 0)
        return;
    flush();
    m_prompt.tokens.push_back(id);
    m_prompt.sources.push_back(jinja::kFromTemplate);
    m_continues = false;
}

void PromptBuilder::append(std::string_view text, int source)
{
    m_run += text;
    m_run_sources.resize(m_run.size(), source);
}

void PromptBuilder::addTemplateText(std::string_view text)
{
    m_prompt.text += text;
    for (const TextSegment& segment : m_controls.split(text)) {
        if (segment.control < 0)
            append(segment.text, jinja::kFromTemplate);
        else
            addControl(segment.control);
    }
}

bool PromptBuilder::spliceExactly(const std::string& text, std::span<const int> ids, int source)
{
    if (ids.empty())
        return false;
    const std::string written = decodeTokens(m_tokenizer, ids, false, true);
    if (written == " " + text) {
        // The tokens bring the space that the template, or the tokenizer, would have put in front.
        if (m_run.ends_with(' ')) {
            m_run.pop_back();
            m_run_sources.pop_back();
        } else if (!m_run.empty() || m_continues || !m_tokenizer.addsPrefixSpace())
            return false;
    } else if (written != text)
        return false;
    flush();
    m_prompt.tokens.insert(m_prompt.tokens.end(), ids.begin(), ids.end());
    m_prompt.sources.resize(m_prompt.tokens.size(), source);
    m_continues = true;
    return true;
}

bool PromptBuilder::spliceTokens(const std::string& text, const std::vector<int>& kept, int source)
{
    std::span<const int> ids = kept;
    // The end of a turn is the template's to write.
    while (!ids.empty() && m_tokenizer.isControl(ids.back()))
        ids = ids.first(ids.size() - 1);
    for (const int id : ids)
        if (id < 0 || id >= m_tokenizer.vocabSize() || m_tokenizer.isControl(id))
            return false;
    if (spliceExactly(text, ids, source))
        return true;
    // A template that trims the content leaves out tokens that are white space alone.
    const auto isBlank = [this](int id) {
        const std::string bytes = m_tokenizer.bytes(id);
        return jinja::leadingSpace(bytes) == bytes.size();
    };
    const std::size_t all = ids.size();
    while (!ids.empty() && isBlank(ids.back()))
        ids = ids.first(ids.size() - 1);
    if (ids.size() < all && spliceExactly(text, ids, source))
        return true;
    const std::size_t without_end = ids.size();
    while (!ids.empty() && isBlank(ids.front()))
        ids = ids.subspan(1);
    return ids.size() < without_end && spliceExactly(text, ids, source);
}

void PromptBuilder::add(const PromptPart& part, const std::vector<ChatMessage>& messages)
{
    if (part.source == jinja::kFromTemplate) {
        addTemplateText(part.text);
        return;
    }
    const auto message = static_cast<std::size_t>(part.source);
    if (part.source < 0 || message >= messages.size()
        || !spliceTokens(part.text, messages[message].tokens, part.source))
        append(part.text, part.source);
    m_prompt.text += part.text;
}

} // namespace

RenderedPrompt renderPrompt(const ChatTemplate& chat_template, const Tokenizer& tokenizer,
    const std::vector<ChatMessage>& messages, RenderOptions options)
{
    const auto complete = [&](const char* name, int id) {
        if (id >= 0)
            options.special_tokens.emplace(name, tokenizer.label(id));
    };
    complete("bos_token", tokenizer.bosToken());
    complete("eos_token", tokenizer.eosToken());
    PromptBuilder builder(tokenizer);
    if (chat_template.hidesBos())
        builder.begin();
    for (const PromptPart& part : chat_template.render(messages, options))
        builder.add(part, messages);
    return builder.finish();
}

RenderedPrompt renderPrompt(const ChatTemplate& chat_template, const Tokenizer& tokenizer,
    const std::vector<ChatMessage>& messages, bool add_generation_prompt)
{
    RenderOptions options;
    options.add_generation_prompt = add_generation_prompt;
    return renderPrompt(chat_template, tokenizer, messages, std::move(options));
}

} // namespace gorgon
