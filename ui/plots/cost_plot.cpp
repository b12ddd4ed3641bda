// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/cost_plot.h"

#include <algorithm>

#include <QLocale>
#include <QToolTip>

#include "ui/plots/plot_style.h"
#include "ui/theme/theme.h"

namespace gorgon {

CostPlot::CostPlot(QWidget* parent)
    : QCustomPlot(parent)
{
    layOutPlot(this);
    xAxis->setScaleType(QCPAxis::stLogarithmic);
    auto* nodes = new QCPAxisTickerText;
    for (const int n : {1, 2, 4, 8, 16, 32, 64, 128, 256})
        nodes->addTick(n, QString::number(n));
    xAxis->setTicker(QSharedPointer<QCPAxisTicker>(nodes));
    xAxis->setLabel(tr("nodes of the tree"));
    m_in_use_line = new QCPItemStraightLine(this);
    m_in_use_line->setLayer(QStringLiteral("grid"));
    m_time = addGraph();
    m_tokens = addGraph();
    m_best = addGraph();
    m_best->setLineStyle(QCPGraph::lsNone);
    m_time_name = new QCPItemText(this);
    m_tokens_name = new QCPItemText(this);
    m_nothing = new QCPItemText(this);
    for (QCPItemText* name : {m_time_name, m_tokens_name}) {
        name->setPositionAlignment(Qt::AlignRight | Qt::AlignVCenter);
        name->setClipToAxisRect(false);
    }
    m_time_name->setText(tr("time of a step"));
    m_tokens_name->setText(tr("tokens expected"));
    m_nothing->position->setType(QCPItemPosition::ptAxisRectRatio);
    m_nothing->position->setCoords(0.5, 0.5);
    m_nothing->setText(tr("Steps are timed while nothing is being written;\nlarge models when you "
                          "choose “Find the fastest here” under Tune."));
    setAccessibleName(tr("Plot of the cost of a step"));
    show({});
    applyPlotTheme();
}

void CostPlot::show(const CostView& costs)
{
    m_costs = costs;
    QVector<double> nodes, time, tokens;
    double highest = 2;
    for (int i = 0; i < costs.step_us.size(); i++) {
        nodes.append(i + 1);
        time.append(costs.step_us[i] / costs.step_us.first());
        tokens.append(costs.tokens[i]);
        highest = std::max({highest, time.last(), tokens.last()});
    }
    // Where time runs away from the tokens its further course tells nothing.
    const double most_tokens = tokens.isEmpty() ? 2 : tokens.last();
    highest = std::min(highest, std::max(2.0, 1.6 * most_tokens));
    const int best = costs.best();
    m_time->setData(nodes, time, true);
    m_tokens->setData(nodes, tokens, true);
    m_best->data()->clear();
    if (best > 0)
        m_best->addData(best, tokens[best - 1]);
    xAxis->setRange(0.93, std::max<double>(2, double(nodes.size())) * 1.07);
    yAxis->setRange(0, highest * 1.08);
    const bool any = best > 0;
    m_nothing->setVisible(!any);
    m_time_name->setVisible(any);
    m_tokens_name->setVisible(any);
    placeNames();
    setNodesInUse(m_in_use);
    setAccessibleDescription(
        any ? tr("The fastest here: %1.").arg(sentence(best)) : m_nothing->text().simplified());
}

/// Each name lies right above or below its line's end, where the other line is not.
void CostPlot::placeNames()
{
    if (m_costs.step_us.isEmpty())
        return;
    const double end = xAxis->range().upper / 1.07;
    const double time
        = std::min(m_costs.step_us.last() / m_costs.step_us.first(), yAxis->range().upper);
    const double tokens = m_costs.tokens.last();
    const double line = yAxis->range().upper * 12 / std::max(axisRect()->height(), 1);
    const double up = time >= tokens ? 1 : -1;
    m_time_name->position->setCoords(end, std::min(time + up * line, yAxis->range().upper));
    m_tokens_name->position->setCoords(end, std::max(tokens - up * line, line));
}

void CostPlot::setNodesInUse(int nodes)
{
    m_in_use = nodes;
    m_in_use_line->setVisible(nodes > 0 && nodes <= m_costs.step_us.size());
    m_in_use_line->point1->setCoords(std::max(nodes, 1), 0);
    m_in_use_line->point2->setCoords(std::max(nodes, 1), 1);
    replot(QCustomPlot::rpQueuedReplot);
}

QString CostPlot::sentence(int nodes) const
{
    const QLocale locale;
    const auto number = [&](double value) { return locale.toString(value, 'f', 2); };
    if (nodes == 1)
        return tr("plain decoding, one token a step in %1 ms")
            .arg(locale.toString(m_costs.step_us.first() / 1e3, 'g', 3));
    return tr("%1 nodes: %2 × the time of a plain step for %3 tokens, %4 × the speed")
        .arg(nodes)
        .arg(number(m_costs.step_us[nodes - 1] / m_costs.step_us.first()),
            number(m_costs.tokens[nodes - 1]), number(m_costs.speedUp(nodes)));
}

void CostPlot::applyPlotTheme()
{
    const Theme& t = theme();
    stylePlot(this);
    m_time->setPen(QPen(t.warning, 2));
    m_tokens->setPen(QPen(t.accent, 2));
    m_best->setScatterStyle(
        QCPScatterStyle(QCPScatterStyle::ssCircle, QPen(t.accent, 2), QBrush(t.panel), 9));
    m_in_use_line->setPen(QPen(t.muted, 1, Qt::DotLine));
    for (QCPItemText* text : {m_time_name, m_tokens_name, m_nothing}) {
        text->setFont(uiFont(Theme::kCaption));
        text->setColor(text == m_time_name ? t.warning
                : text == m_tokens_name    ? t.accent
                                           : t.muted);
    }
    replot(QCustomPlot::rpQueuedReplot);
}

void CostPlot::resizeEvent(QResizeEvent* event)
{
    QCustomPlot::resizeEvent(event);
    placeNames();
}

bool CostPlot::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return QCustomPlot::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const int nodes = qRound(xAxis->pixelToCoord(help->pos().x()));
    if (nodes >= 1 && nodes <= m_costs.step_us.size() && axisRect()->rect().contains(help->pos()))
        QToolTip::showText(help->globalPos(), sentence(nodes), this);
    else
        QToolTip::hideText();
    return true;
}

} // namespace gorgon
