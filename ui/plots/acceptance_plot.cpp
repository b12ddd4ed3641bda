// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/acceptance_plot.h"

#include <algorithm>

#include "ui/plots/rolling.h"
#include "ui/theme/theme.h"
#include "ui/tree/step_words.h"

namespace gorgon {

AcceptancePlot::AcceptancePlot(QWidget* parent)
    : HistoryPlot(parent)
{
    m_dots = addGraph();
    m_mean = addGraph();
    m_one = addLine();
    m_one->point1->setCoords(0, 1);
    m_one->point2->setCoords(1, 1);
    const QSharedPointer<QCPAxisTickerFixed> whole(new QCPAxisTickerFixed);
    whole->setTickStep(1);
    whole->setScaleStrategy(QCPAxisTickerFixed::ssMultiples);
    yAxis->setTicker(whole);
    xAxis->setLabel(tr("step"));
    xAxis->setNumberFormat(QStringLiteral("f"));
    xAxis->setNumberPrecision(0);
    setAccessibleName(tr("Plot of tokens per step"));
    clearGraphs();
    applyPlotTheme();
}

void AcceptancePlot::fill(const StepHistory& history)
{
    const int first = std::max(history.count() - kSteps, 0);
    QVector<double> x;
    QVector<double> tokens;
    QVector<double> mean;
    double highest = 4;
    for (int row = first; row < history.count(); ++row) {
        x.append(xOf(history, history.serialOf(row)));
        tokens.append(tokensOf(history, row));
        mean.append(meanTokens(history, row));
        highest = std::max({highest, tokens.back(), double(draftDepth(history.stepAt(row)) + 1)});
    }
    m_dots->setData(x, tokens, true);
    m_mean->setData(x, mean, true);
    // The whole width from the first step on: points keep their place until the plot is full.
    xAxis->setRange(x.first() - 1, std::max(x.first() + kSteps, x.last() + 1));
    yAxis->setRange(0.5, std::max(highest, reference()) + 0.5);
    setAccessibleDescription(tr("Step %1 made %2 tokens; the mean of the last %3 steps is %4.")
                                 .arg(x.last())
                                 .arg(tokens.last())
                                 .arg(std::min(kMeanSteps, history.count()))
                                 .arg(mean.last(), 0, 'f', 2));
}

void AcceptancePlot::clearGraphs()
{
    m_dots->data()->clear();
    m_mean->data()->clear();
    xAxis->setRange(0, kSteps);
    yAxis->setRange(0.5, std::max(4.0, reference()) + 0.5);
    setAccessibleDescription(tr("No step yet."));
}

void AcceptancePlot::colour()
{
    const Theme& t = theme();
    m_dots->setLineStyle(QCPGraph::lsNone);
    const QColor dot = blend(t.muted, t.panel, t.high_contrast ? 1 : 0.7);
    m_dots->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, QPen(dot, 1), QBrush(dot), 3));
    m_mean->setPen(QPen(t.accent, 2));
    m_mean->setScatterStyle(QCPScatterStyle::ssNone);
    m_one->setPen(QPen(t.muted, t.hairline_width));
}

double AcceptancePlot::xOf(const StepHistory& history, qint64 serial) const
{
    return double(serial - history.baseSerial() + 1);
}

int AcceptancePlot::rowAt(const StepHistory& history, double x) const
{
    return history.rowOf(qint64(std::llround(x)) + history.baseSerial() - 1);
}

QString AcceptancePlot::tipAt(const StepHistory& history, int row) const
{
    const QString first
        = tr("%1, tokens: %2").arg(stepTitle(history.stepAt(row))).arg(tokensOf(history, row));
    const QString second = tr("Mean of %1 steps: %2");
    return first + QLatin1Char('\n')
        + second.arg(std::min(kMeanSteps, row + 1)).arg(meanTokens(history, row), 0, 'f', 2);
}

} // namespace gorgon
