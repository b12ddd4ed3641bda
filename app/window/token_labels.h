// SPDX-License-Identifier: GPL-3.0-or-later
// Token ids as the tree shows them, each asked of the tokenizer once.
#pragma once

#include "core/decode/decode_step.h"
#include "core/text/tokenizer.h"
#include "ui/chat/chat_values.h"

#include <memory>
#include <string>
#include <vector>

namespace gorgon {

class TokenLabels
{
public:
    explicit TokenLabels(std::shared_ptr<const Tokenizer> tokenizer)
        : m_tokenizer(std::move(tokenizer))
        , m_labels(size_t(m_tokenizer->vocabSize()))
    {
    }

    QString label(int token);
    StepViewPtr view(const DecodeStep& step, qint64 message, double tokens_per_second);
    /// Which token of a step made which stretch of the text that was printed with it.
    TextMarks marks(const DecodeStep& step, const std::string& text) const;

private:
    std::shared_ptr<const Tokenizer> m_tokenizer;
    std::vector<QString> m_labels; // null: not asked yet
};

} // namespace gorgon
