// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/plots_panel.h"

#include <cmath>

#include <QEvent>
#include <QLabel>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/plots/acceptance_plot.h"
#include "ui/plots/cost_plot.h"
#include "ui/plots/rolling.h"
#include "ui/plots/throughput_plot.h"
#include "ui/theme/theme.h"

namespace gorgon {
namespace {

constexpr int kPictureMs = 1000 / 15;

} // namespace

PlotsPanel::PlotsPanel(QWidget* parent)
    : QWidget(parent)
{
    setAccessibleName(tr("Plots"));
    setRole(this, "panel");
    setAttribute(Qt::WA_StyledBackground);
    m_timer = new QTimer(this);
    m_timer->setSingleShot(true);
    connect(m_timer, &QTimer::timeout, this, &PlotsPanel::refresh);
    m_acceptance = new AcceptancePlot(this);
    m_throughput = new ThroughputPlot(this);
    m_cost = new CostPlot(this);

    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(Theme::kEdge, Theme::kGap, Theme::kEdge, Theme::kGap);
    all->setSpacing(Theme::kInner);
    m_acceptance_value = addPlot(all, m_acceptance, tr("Tokens per step"));
    all->addSpacing(Theme::kGap);
    m_throughput_value = addPlot(all, m_throughput, tr("Tokens per second"));
    all->addSpacing(Theme::kGap);
    m_cost_value = addPlot(all, m_cost, tr("Cost of a step"));
    for (HistoryPlot* plot :
        {static_cast<HistoryPlot*>(m_acceptance), static_cast<HistoryPlot*>(m_throughput)})
        connect(plot, &HistoryPlot::stepClicked, this, &PlotsPanel::stepClicked);
}

QLabel* PlotsPanel::addTitle(QHBoxLayout* header, const QString& title)
{
    auto* name = new QLabel(title, this);
    setRole(name, "strong");
    auto* value = new QLabel(this);
    value->setFont(monoFont(12));
    value->setAccessibleName(title);
    header->addWidget(name);
    header->addStretch(1);
    header->addWidget(value);
    return value;
}

QLabel* PlotsPanel::addPlot(QVBoxLayout* all, CostPlot* plot, const QString& title)
{
    auto* header = new QHBoxLayout;
    QLabel* value = addTitle(header, title);
    all->addLayout(header);
    all->addWidget(plot, 1);
    return value;
}

QLabel* PlotsPanel::addPlot(QVBoxLayout* all, HistoryPlot* plot, const QString& title)
{
    auto* header = new QHBoxLayout;
    QLabel* value = addTitle(header, title);
    auto* menu = new QToolButton(this);
    menu->setText(QStringLiteral("⋯"));
    menu->setAccessibleName(tr("Copy or export: %1").arg(title));
    menu->setToolTip(tr("Copy the image or export the steps"));
    connect(menu, &QToolButton::clicked, plot, [plot, menu] {
        QContextMenuEvent event(
            QContextMenuEvent::Keyboard, QPoint(), menu->mapToGlobal(QPoint(0, menu->height())));
        QCoreApplication::sendEvent(plot, &event);
    });
    header->addWidget(menu);
    all->addLayout(header);
    all->addWidget(plot, 1);
    return value;
}

void PlotsPanel::setHistory(StepHistory* history)
{
    if (m_history)
        m_history->disconnect(this);
    m_history = history;
    if (history) {
        connect(history, &StepHistory::stepAppended, this, &PlotsPanel::schedule);
        connect(history, &StepHistory::flagAdded, this, &PlotsPanel::schedule);
        connect(history, &StepHistory::promptReadingChanged, this, &PlotsPanel::schedule);
        connect(history, &StepHistory::cleared, this, &PlotsPanel::schedule);
        connect(history, &QObject::destroyed, this, [this] {
            m_history = nullptr;
            refresh();
        });
    }
    refresh();
}

void PlotsPanel::schedule()
{
    m_stale = true;
    if (isVisible() && !m_timer->isActive())
        m_timer->start(kPictureMs);
}

void PlotsPanel::refresh()
{
    m_stale = false;
    m_acceptance->show(m_history);
    m_throughput->show(m_history);
    const int n = m_history ? m_history->count() : 0;
    m_acceptance_value->setText(n == 0 ? QString()
                                       : tr("mean of %1: %2")
                                             .arg(std::min(n, kMeanSteps))
                                             .arg(meanTokens(*m_history, n - 1), 0, 'f', 2));
    const double rate = m_throughput->newestRate();
    m_throughput_value->setText(n == 0 ? QString()
            : std::isfinite(rate)      ? tr("now: %1").arg(rate, 0, 'f', 0)
                                       : tr("too short to plot"));
    m_cost->setNodesInUse(n == 0 ? 0 : int(m_history->stepAt(n - 1).nodes.size()));
}

void PlotsPanel::setCosts(const CostView& costs)
{
    m_cost->show(costs);
    const int best = costs.best();
    m_cost_value->setText(best == 0 ? QString()
            : best == 1             ? tr("fastest: plain")
                                    : tr("fastest: %1 nodes").arg(best));
}

void PlotsPanel::setBreakEven(double tokens_per_step)
{
    m_acceptance->setReference(
        tokens_per_step, tr("break-even %1").arg(tokens_per_step, 0, 'f', 2));
    schedule();
}

void PlotsPanel::setPlainTokensPerSecond(double rate)
{
    m_throughput->setReference(rate, tr("plain decoding %1").arg(rate, 0, 'f', 0));
    schedule();
}

void PlotsPanel::setCursor(qint64 serial)
{
    m_acceptance->setCursor(serial);
    m_throughput->setCursor(serial);
}

void PlotsPanel::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (m_stale)
        refresh();
}

void PlotsPanel::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::StyleChange && m_throughput) {
        m_acceptance->applyPlotTheme();
        m_throughput->applyPlotTheme();
        m_cost->applyPlotTheme();
    }
}

} // namespace gorgon
