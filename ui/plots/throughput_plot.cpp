// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/throughput_plot.h"

#include <algorithm>

#include "ui/plots/rolling.h"
#include "ui/theme/theme.h"
#include "ui/tree/step_words.h"

namespace gorgon {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kLeastSeconds = 0.05; // shown: a demo answers in a few hundredths

/// 1, 2 or 5 times a power of ten, with a little room above `value`.
double niceCeiling(double value, double least = 1)
{
    const double wanted = std::max(value * 1.1, least);
    const double power = std::pow(10.0, std::floor(std::log10(wanted)));
    for (const double factor : {1.0, 1.5, 2.0, 3.0, 5.0, 7.5})
        if (factor * power >= wanted)
            return factor * power;
    return 10 * power;
}

int firstRowAfter(const StepHistory& history, double seconds)
{
    int low = 0;
    int high = history.count();
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (history.secondsAt(middle) < seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

} // namespace

ThroughputPlot::ThroughputPlot(QWidget* parent)
    : HistoryPlot(parent)
{
    m_rate = addGraph();
    xAxis->setLabel(tr("seconds of reading and writing"));
    setAccessibleName(tr("Plot of tokens per second"));
    clearGraphs();
    applyPlotTheme();
}

void ThroughputPlot::fill(const StepHistory& history)
{
    const double now = history.seconds();
    const double begin_s = std::max(now - kSeconds, 0.0);
    // Rows before the visible ones fill the first rolling window.
    const auto points = rollingRate(history, firstRowAfter(history, begin_s - kRateSeconds));
    QVector<double> x;
    QVector<double> y;
    double highest = reference();
    m_newest = kNone;
    for (const RatePoint& point : points) {
        if (point.seconds < begin_s)
            continue;
        x.append(point.seconds);
        y.append(point.tokens_per_second);
        if (std::isfinite(point.tokens_per_second))
            highest = std::max(highest, point.tokens_per_second);
        m_newest = point.tokens_per_second;
    }
    m_rate->setData(x, y, true);
    const double span = std::min(niceCeiling(now - begin_s, kLeastSeconds), kSeconds * 1.02);
    xAxis->setRange(begin_s, begin_s + span);
    yAxis->setRange(0, niceCeiling(highest));
    placePrompts(history, begin_s);
    setAccessibleDescription(std::isfinite(m_newest)
            ? tr("%1 tokens per second now.").arg(m_newest, 0, 'f', 0)
            : tr("Too short to plot."));
}

void ThroughputPlot::placePrompts(const StepHistory& history, double begin_s)
{
    int used = 0;
    for (const PromptSpan& span : history.prompts()) {
        if (span.end_s <= begin_s)
            continue;
        if (used == m_prompts.size()) {
            auto* rect = new QCPItemRect(this);
            rect->setLayer(QStringLiteral("background"));
            rect->topLeft->setTypeY(QCPItemPosition::ptAxisRectRatio);
            rect->bottomRight->setTypeY(QCPItemPosition::ptAxisRectRatio);
            m_prompts.append(rect);
        }
        QCPItemRect* rect = m_prompts[used++];
        rect->setVisible(true);
        rect->setPen(Qt::NoPen);
        rect->setBrush(blend(theme().muted, theme().panel, 0.22));
        rect->topLeft->setCoords(std::max(span.begin_s, begin_s), 0);
        rect->bottomRight->setCoords(span.end_s, 1);
    }
    for (qsizetype i = used; i < m_prompts.size(); ++i)
        m_prompts[i]->setVisible(false);
}

int ThroughputPlot::shadedPrompts() const
{
    return int(std::count_if(
        m_prompts.begin(), m_prompts.end(), [](auto* rect) { return rect->visible(); }));
}

void ThroughputPlot::clearGraphs()
{
    m_rate->data()->clear();
    m_newest = kNone;
    for (QCPItemRect* rect : m_prompts)
        rect->setVisible(false);
    xAxis->setRange(0, 10);
    yAxis->setRange(0, niceCeiling(std::max(reference(), 100.0)));
    setAccessibleDescription(tr("No step yet."));
}

void ThroughputPlot::colour()
{
    const Theme& t = theme();
    m_rate->setPen(QPen(t.accent, 2));
    for (QCPItemRect* rect : m_prompts)
        rect->setBrush(blend(t.muted, t.panel, 0.22));
}

double ThroughputPlot::xOf(const StepHistory& history, qint64 serial) const
{
    const int row = history.rowOf(serial);
    return row >= 0 ? history.secondsAt(row) : history.seconds();
}

int ThroughputPlot::rowAt(const StepHistory& history, double x) const
{
    return std::min(firstRowAfter(history, x), history.count() - 1);
}

QString ThroughputPlot::tipAt(const StepHistory& history, int row) const
{
    const QVector<RatePoint> points = rollingRate(history, std::max(row - 2000, 0)).mid(0);
    for (const RatePoint& point : points)
        if (point.seconds == history.secondsAt(row) && std::isfinite(point.tokens_per_second))
            return tr("%1: %2 tokens/s over the last %3 s")
                .arg(stepTitle(history.stepAt(row)))
                .arg(point.tokens_per_second, 0, 'f', 0)
                .arg(kRateSeconds, 0, 'f', 0);
    return stepTitle(history.stepAt(row));
}

} // namespace gorgon
