// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/history_plot.h"

#include "ui/plots/plot_style.h"
#include "ui/theme/theme.h"

namespace gorgon {
namespace {

void stand(QCPItemStraightLine* line, double x)
{
    line->point1->setCoords(x, 0);
    line->point2->setCoords(x, 1);
}

void lie(QCPItemStraightLine* line, double y)
{
    line->point1->setCoords(0, y);
    line->point2->setCoords(1, y);
}

} // namespace

HistoryPlot::HistoryPlot(QWidget* parent)
    : QCustomPlot(parent)
{
    layOutPlot(this);
    m_cursor_line = addLine();
    m_reference_line = addLine();
    m_reference_text = new QCPItemText(this);
    m_flag_text = new QCPItemText(this);
    for (QCPItemText* text : {m_reference_text, m_flag_text}) {
        text->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
        text->setClipToAxisRect(false);
        text->setVisible(false);
    }
    m_reference_text->setPositionAlignment(Qt::AlignRight | Qt::AlignBottom);
    m_flag_text->position->setTypeX(QCPItemPosition::ptPlotCoords);
    m_flag_text->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
    m_cursor_line->setVisible(false);
    m_reference_line->setVisible(false);
}

QCPItemStraightLine* HistoryPlot::addLine()
{
    auto* line = new QCPItemStraightLine(this);
    line->setLayer(QStringLiteral("grid"));
    return line;
}

void HistoryPlot::show(const StepHistory* history)
{
    m_history = history;
    if (history && !history->isEmpty())
        fill(*history);
    else
        clearGraphs();
    placeReference();
    placeFlags();
    placeCursor();
    replot(QCustomPlot::rpQueuedReplot);
}

void HistoryPlot::setReference(double value, const QString& name)
{
    m_reference = value > 0 && std::isfinite(value) ? value : 0;
    m_reference_text->setText(name);
    placeReference();
    replot(QCustomPlot::rpQueuedReplot);
}

void HistoryPlot::placeReference()
{
    const bool seen = m_reference > 0 && yAxis->range().contains(m_reference);
    m_reference_line->setVisible(seen);
    m_reference_text->setVisible(seen);
    lie(m_reference_line, m_reference);
    // A little above the line.
    m_reference_text->position->setCoords(
        1, yAxis->pixelToCoord(yAxis->coordToPixel(m_reference) - 2));
}

void HistoryPlot::setCursor(qint64 serial)
{
    m_cursor = serial;
    placeCursor();
    replot(QCustomPlot::rpQueuedReplot);
}

void HistoryPlot::placeCursor()
{
    const bool seen = m_history && m_cursor >= 0 && m_history->rowOf(m_cursor) >= 0;
    m_cursor_line->setVisible(seen);
    if (seen)
        stand(m_cursor_line, xOf(*m_history, m_cursor));
}

void HistoryPlot::placeFlags()
{
    const Theme& t = theme();
    int used = 0;
    const HistoryFlag* newest = nullptr;
    static const std::vector<HistoryFlag> kNone;
    for (const HistoryFlag& flag : m_history ? m_history->flags() : kNone) {
        const double x = xOf(*m_history, flag.serial);
        if (!xAxis->range().contains(x))
            continue;
        if (used == m_flag_lines.size())
            m_flag_lines.append(addLine());
        m_flag_lines[used]->setPen(QPen(t.muted, 1, Qt::DotLine));
        m_flag_lines[used]->setVisible(true);
        stand(m_flag_lines[used++], x);
        newest = &flag;
    }
    for (qsizetype i = used; i < m_flag_lines.size(); ++i)
        m_flag_lines[i]->setVisible(false);
    m_flag_text->setVisible(newest); // only the newest is named: names of neighbours would overlap
    if (!newest)
        return;
    const double x = xOf(*m_history, newest->serial);
    const bool right_half = x > xAxis->range().center();
    m_flag_text->setText(newest->text);
    m_flag_text->setPositionAlignment(
        (right_half ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignBottom);
    m_flag_text->position->setCoords(x, -4.0 / qMax(axisRect()->height(), 1));
}

void HistoryPlot::applyPlotTheme()
{
    const Theme& t = theme();
    stylePlot(this);
    m_reference_line->setPen(QPen(t.warning, t.high_contrast ? 2 : 1.3, Qt::DashLine));
    m_cursor_line->setPen(QPen(t.accent, 1.5));
    for (QCPItemText* text : {m_reference_text, m_flag_text}) {
        text->setFont(uiFont(Theme::kCaption));
        text->setColor(text == m_reference_text ? t.warning : t.muted);
        text->setBrush(t.panel);
        text->setPadding(QMargins(3, 0, 3, 0));
    }
    colour();
    replot(QCustomPlot::rpQueuedReplot);
}

} // namespace gorgon
