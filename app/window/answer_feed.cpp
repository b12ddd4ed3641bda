// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/answer_feed.h"

#include <algorithm>
#include <utility>

namespace gorgon {

namespace {

constexpr auto kWindowInterval = std::chrono::milliseconds(33); // the window shares its processors
constexpr auto kDiskInterval = std::chrono::milliseconds(700);

} // namespace

AnswerFeed::AnswerFeed(const Turn& turn, int n_prompt_tokens, TokenLabels& labels, Sinks sinks)
    : m_conversation(turn.conversation)
    , m_n_prompt_tokens(n_prompt_tokens)
    , m_labels(labels)
    , m_sinks(std::move(sinks))
    , m_answer(turn.answer)
{
}

void AnswerFeed::addStep(const DecodeStep& step, const std::string& text)
{
    const auto now = Clock::now();
    MessageStats& stats = m_answer.stats;
    if (stats.steps == 0)
        stats.prefill_ms = std::chrono::duration<double, std::milli>(now - m_begun).count();
    ++stats.steps;
    stats.new_tokens += int(step.tokens.size());
    stats.decode_ms += step.times.total_us / 1e3;
    m_answer.text += text;
    m_answer.tokens.insert(m_answer.tokens.end(), step.tokens.begin(), step.tokens.end());

    m_portion.text += QString::fromStdString(text);
    const TextMarks marks = m_labels.marks(step, text);
    m_portion.marks << marks;
    m_marks << marks;
    // The end token alone needs no forward pass: no step to look at.
    if (step.nodes.size() > 1 || step.times.verify_us > 0)
        m_portion.steps << m_labels.view(
            step, m_answer.id, stats.decode_ms > 0 ? stats.new_tokens / stats.decode_ms * 1e3 : 0);
    if (!m_flushed || now - *m_flushed >= kWindowInterval)
        flush();
    if (now - m_saved >= kDiskInterval) {
        m_saved = now;
        m_sinks.partial(m_answer);
    }
}

void AnswerFeed::addRest(const std::string& text)
{
    if (text.empty())
        return;
    m_answer.text += text;
    const QString shown = QString::fromStdString(text);
    m_portion.text += shown;
    m_portion.marks << TextMark{int(shown.size()), -1, std::max(0, m_answer.stats.steps - 1)};
    m_marks << m_portion.marks.last();
}

void AnswerFeed::flush()
{
    if (m_portion.text.isEmpty() && m_portion.steps.isEmpty())
        return;
    m_flushed = Clock::now();
    m_portion.conversation = m_conversation;
    m_portion.message = m_answer.id;
    m_portion.stats = m_answer.stats;
    m_portion.context_used = m_n_prompt_tokens + m_answer.stats.new_tokens;
    m_sinks.progress(std::exchange(m_portion, {}));
}

Message AnswerFeed::finish(const GenerateResult* result)
{
    flush();
    m_answer.state = MessageState::failed;
    if (result) {
        m_answer.tokens = result->tokens;
        m_answer.stats.new_tokens = result->stats.new_tokens;
        m_answer.stats.steps = result->stats.steps;
        m_answer.state = result->finish == FinishReason::cancelled ? MessageState::stopped
                                                                   : MessageState::complete;
    }
    return m_answer;
}

} // namespace gorgon
