// SPDX-License-Identifier: GPL-3.0-or-later
// Gathers an answer while it is made and hands it on in portions: to the window at most 60 times a
// second, to the disk once a second. Nothing is left out.
#pragma once

#include "app/window/token_labels.h"
#include "app/window/turn.h"
#include "core/decode/engine.h"
#include "ui/chat/chat_values.h"

#include <chrono>
#include <functional>
#include <optional>

namespace gorgon {

class AnswerFeed
{
public:
    struct Sinks
    {
        std::function<void(const AnswerProgress&)> progress;
        std::function<void(const Message&)> partial;
    };

    AnswerFeed(const Turn& turn, int n_prompt_tokens, TokenLabels& labels, Sinks sinks);

    void addStep(const DecodeStep& step, const std::string& text);
    void addRest(const std::string& text);
    void flush();
    /// The whole answer as it is to be kept; result: none where generation failed. Its time is the
    /// engine's own, the sum of its steps: neither drawing nor a chosen pace is part of it.
    Message finish(const GenerateResult* result);
    const TextMarks& marks() const { return m_marks; }

private:
    using Clock = std::chrono::steady_clock;

    qint64 m_conversation;
    int m_n_prompt_tokens;
    TokenLabels& m_labels;
    Sinks m_sinks;
    Message m_answer;
    AnswerProgress m_portion;
    TextMarks m_marks; // of the whole answer
    Clock::time_point m_begun = Clock::now();
    std::optional<Clock::time_point> m_flushed;
    Clock::time_point m_saved = Clock::now();
};

} // namespace gorgon
