// SPDX-License-Identifier: GPL-3.0-or-later
// Token ids as the tree shows them, each asked of the tokenizer once.
#pragma once

#include "core/decode/decode_step.h"
#include "core/text/tokenizer.h"
#include "ui/tree/step_view.h"

#include <memory>
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

    QString label(int token)
    {
        if (token < 0 || size_t(token) >= m_labels.size())
            return {};
        QString& label = m_labels[size_t(token)];
        if (label.isNull())
            label = QString::fromStdString(m_tokenizer->label(token));
        return label;
    }

    StepViewPtr view(const DecodeStep& step, qint64 message, double tokens_per_second)
    {
        auto view = QSharedPointer<StepView>::create();
        view->step = step;
        view->message_id = message;
        view->tokens_per_second = tokens_per_second;
        for (const StepNode& node : step.nodes) {
            view->node_labels << label(node.token);
            view->choice_labels << label(node.choice);
        }
        for (const int token : step.tokens)
            view->emitted_labels << label(token);
        view->next_root_label = label(step.next_root);
        return view;
    }

private:
    std::shared_ptr<const Tokenizer> m_tokenizer;
    std::vector<QString> m_labels; // null: not asked yet
};

} // namespace gorgon
