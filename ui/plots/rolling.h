// SPDX-License-Identifier: GPL-3.0-or-later
// Series computed from a history.
#pragma once

#include <QByteArray>
#include <QVector>

#include "ui/tree/step_history.h"

namespace gorgon {

constexpr int kMeanSteps = 16;
constexpr double kRateSeconds = 2;
constexpr int kRateMinSteps = 4; // fewer say nothing yet, unless they were slow
constexpr double kRateMinSeconds = 0.05;

/// Tokens that the step put into the text.
double tokensOf(const StepHistory& history, int row);

/// Mean of tokensOf over the kMeanSteps rows that end at `row`, fewer at the beginning.
double meanTokens(const StepHistory& history, int row);

struct RatePoint
{
    double seconds = 0;
    double tokens_per_second = 0; // NaN: a gap while a prompt is read, or too short to tell
};

/// Tokens per second over the last kRateSeconds of making text, at the end of each step from
/// `first_row` on. Reading a prompt is not part of it.
QVector<RatePoint> rollingRate(const StepHistory& history, int first_row);

/// Every step of the history, one line each; the first line names the columns.
QByteArray historyCsv(const StepHistory& history);

} // namespace gorgon
