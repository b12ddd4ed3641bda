// SPDX-License-Identifier: GPL-3.0-or-later
// Says in plain sentences what happened in a step and why.
#pragma once

#include <QString>

#include "ui/tree/step_view.h"

namespace gorgon {

QString percentText(double share); // "41 %"; below 10 % one decimal where it tells something
QString millisecondsText(double us); // "1.6 ms"
QString quoted(const QString& label); // in quotation marks of the interface

QString labelOf(const StepView& view, int node);
QString verdictText(Verdict verdict);
QString verdictGlyph(Verdict verdict);

/// "Step 79" and "accepted 3 of 4 levels, emitted 4 tokens, 1.6 ms".
QString stepTitle(const DecodeStep& step);
QString stepSummary(const DecodeStep& step);

/// "typical, threshold 0.09": how the step judged. The step's threshold is the largest of its rows.
QString modeSummary(const DecodeStep& step);

/// Why node `node` was accepted, rejected or never reached, with its numbers.
QString nodeSentence(const StepView& view, int node);

/// Why the accepted path ended where it did.
QString endSentence(const StepView& view);

/// The whole step for a screen reader.
QString stepSentence(const StepView& view);

/// What the marks of a tree in this mode stand for is different: greedy and exact have no
/// threshold.
bool hasThreshold(const DecodeStep& step);

/// The node is what the model itself put after its parent.
bool isModelsChoice(const DecodeStep& step, int node);

} // namespace gorgon
