// SPDX-License-Identifier: GPL-3.0-or-later
// One decode step with its texts, as the window shows it.
#pragma once

#include <QMetaType>
#include <QSharedPointer>
#include <QString>
#include <QStringList>

#include "core/decode/decode_step.h"

namespace gorgon {

/// Labels are token texts with blanks made visible, added by whoever has the tokenizer.
struct StepView
{
    DecodeStep step;
    QStringList node_labels; // one per node of step.nodes
    QStringList choice_labels; // the model's own choice after each node
    QString next_root_label;
    QStringList emitted_labels; // one per token of step.tokens
    double tokens_per_second = 0; // of the answer so far; 0: unknown
    qint64 message_id = -1; // the answer it belongs to; -1: none
};

using StepViewPtr = QSharedPointer<const StepView>;

} // namespace gorgon

Q_DECLARE_METATYPE(gorgon::StepView)
Q_DECLARE_METATYPE(gorgon::StepViewPtr)
