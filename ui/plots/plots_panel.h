// SPDX-License-Identifier: GPL-3.0-or-later
// The Plots tab: tokens per step, tokens per second and the cost of a step, with the lines that
// tell gain from loss.
#pragma once

#include <QPointer>
#include <QWidget>

#include "ui/plots/cost_view.h"
#include "ui/tree/step_history.h"

class QHBoxLayout;
class QLabel;
class QTimer;
class QVBoxLayout;

namespace gorgon {

class AcceptancePlot;
class CostPlot;
class HistoryPlot;
class ThroughputPlot;

/// Follows a StepHistory; rests while hidden and draws at most 15 times a second.
class PlotsPanel : public QWidget
{
    Q_OBJECT

public:
    explicit PlotsPanel(QWidget* parent = nullptr);

    /// Not owned. Null: empty plots.
    void setHistory(StepHistory* history);

    AcceptancePlot* acceptancePlot() const { return m_acceptance; }
    ThroughputPlot* throughputPlot() const { return m_throughput; }
    CostPlot* costPlot() const { return m_cost; }

public slots:
    /// Time of a tree step over time of a plain step, measured here; 0: unknown, no line.
    void setBreakEven(double tokens_per_step);
    /// Speed of plain decoding, measured here; 0: unknown, no line.
    void setPlainTokensPerSecond(double rate);
    /// Time and worth of steps by nodes, measured here.
    void setCosts(const CostView& costs);
    /// A cursor at the step that the tree shows; -1: none.
    void setCursor(qint64 serial);

signals:
    void stepClicked(qint64 serial);

protected:
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    QLabel* addTitle(QHBoxLayout* header, const QString& title);
    QLabel* addPlot(QVBoxLayout* all, HistoryPlot* plot, const QString& title);
    QLabel* addPlot(QVBoxLayout* all, CostPlot* plot, const QString& title);
    void schedule();
    void refresh();

    QPointer<StepHistory> m_history;
    AcceptancePlot* m_acceptance = nullptr;
    ThroughputPlot* m_throughput = nullptr;
    CostPlot* m_cost = nullptr;
    QLabel* m_acceptance_value = nullptr; // the newest mean and rate
    QLabel* m_throughput_value = nullptr;
    QLabel* m_cost_value = nullptr; // the fastest tree
    QTimer* m_timer = nullptr;
    bool m_stale = true;
};

} // namespace gorgon
