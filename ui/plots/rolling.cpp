// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/rolling.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <QTextStream>

namespace gorgon {

double tokensOf(const StepHistory& history, int row)
{
    return double(history.stepAt(row).tokens.size());
}

double meanTokens(const StepHistory& history, int row)
{
    const int first = std::max(row - kMeanSteps + 1, 0);
    double sum = 0;
    for (int i = first; i <= row; ++i)
        sum += tokensOf(history, i);
    return sum / (row - first + 1);
}

QVector<RatePoint> rollingRate(const StepHistory& history, int first_row)
{
    QVector<RatePoint> points;
    const auto& prompts = history.prompts();
    size_t prompt = 0; // the first that ends after the current step
    double floor_s = 0; // text of before the last prompt does not count
    int tail = -1; // first row inside the window
    double tokens = 0;
    const auto begin = [&](int row) {
        return history.secondsAt(row) - std::max(history.stepAt(row).times.total_us, 0.0) * 1e-6;
    };
    for (int row = std::max(first_row, 0); row < history.count(); ++row) {
        const double now = history.secondsAt(row);
        bool gap = false;
        for (; prompt < prompts.size() && prompts[prompt].end_s < now; ++prompt) {
            floor_s = prompts[prompt].end_s;
            gap = true;
        }
        if (tail < 0 || gap) {
            if (gap && !points.isEmpty())
                points.append({floor_s, std::numeric_limits<double>::quiet_NaN()});
            tail = row;
            tokens = 0;
        }
        tokens += tokensOf(history, row);
        while (tail < row && history.secondsAt(tail) < now - kRateSeconds)
            tokens -= tokensOf(history, tail++);
        const double span = now - std::max(begin(tail), floor_s);
        const bool enough = row - tail + 1 >= kRateMinSteps || span >= kRateMinSeconds;
        points.append(
            {now, enough && span > 0 ? tokens / span : std::numeric_limits<double>::quiet_NaN()});
    }
    return points;
}

QByteArray historyCsv(const StepHistory& history)
{
    QByteArray bytes;
    QTextStream out(&bytes);
    out.setRealNumberNotation(QTextStream::FixedNotation);
    out << "step,message,index,seconds,accepted,tokens,mean_tokens,tokens_per_second,draft_us,"
           "verify_us,"
           "accept_us,total_us\n";
    QVector<double> rates;
    for (const RatePoint& point : rollingRate(history, 0))
        if (rates.size() < history.count() && point.seconds == history.secondsAt(int(rates.size())))
            rates.append(point.tokens_per_second);
    for (int row = 0; row < history.count(); ++row) {
        const DecodeStep& step = history.stepAt(row);
        out.setRealNumberPrecision(6);
        out << history.serialOf(row) - history.baseSerial() + 1 << ',' << history.messageAt(row)
            << ',' << step.index << ',' << history.secondsAt(row) << ',' << step.accept_length
            << ',' << step.tokens.size() << ',';
        out.setRealNumberPrecision(2);
        out << meanTokens(history, row) << ',';
        if (row < rates.size() && std::isfinite(rates[row]))
            out << rates[row];
        out << ',' << step.times.draft_us << ',' << step.times.verify_us << ','
            << step.times.accept_us << ',' << step.times.total_us << '\n';
    }
    out.flush();
    return bytes;
}

} // namespace gorgon
