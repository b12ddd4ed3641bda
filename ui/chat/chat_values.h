// SPDX-License-Identifier: GPL-3.0-or-later
// What the window is told about the model, an answer in the making and the engine. Plain values.
#pragma once

#include "core/store/conversation.h"
#include "ui/tree/step_view.h"

#include <QList>
#include <QMetaType>
#include <QString>

namespace gorgon {

struct ModelSummary
{
    QString name; // "Gorgon Demo"
    bool is_demo = false; // shown at a pace that can be watched until another one is chosen
    int n_heads = 0;
    QString device; // "CPU, 2 threads"
    QString device_note; // why this device, where that needs saying
    QString weights; // "bf16"
    int context = 0; // positions
    qint64 memory_bytes = 0; // weights, heads, workspace and one cache
    QString path;
    qint64 width = 0; // of its vectors, which heads take
    qint64 vocab = 0;

    bool isLoaded() const { return !name.isEmpty(); }
};

/// The engine in words; `done` of `total` are per cent while loading, tokens while reading a
/// prompt.
struct EngineStatus
{
    enum class Phase
    {
        no_model,
        loading,
        ready,
        reading_prompt,
        generating,
        stopping,
        stopped,
        failed,
    };
    Phase phase = Phase::no_model;
    int done = 0;
    int total = 0;
};

/// A stretch of an answer's text that one token made.
struct TextMark
{
    int length = 0; // UTF-16 units
    int head = -1; // that drafted it; -1: the model's own token, the first of its step
    int step = 0;
};
using TextMarks = QList<TextMark>;

/// Text and steps since the last one of these; nothing is left out.
struct AnswerProgress
{
    qint64 conversation = 0;
    qint64 message = 0;
    QString text;
    MessageStats stats; // of the whole answer so far
    int context_used = 0;
    QList<StepViewPtr> steps;
    TextMarks marks; // one behind the other, as long as the text together
};

/// Names and dates of the list, newest first.
using ConversationList = QList<ConversationSummary>;

} // namespace gorgon

Q_DECLARE_METATYPE(gorgon::ModelSummary)
Q_DECLARE_METATYPE(gorgon::AnswerProgress)
