// SPDX-License-Identifier: GPL-3.0-or-later
// Time of a step against the tokens that it is expected to make, by the nodes of the tree: drafting
// pays where tokens lie above time.
#pragma once

#include <qcustomplot.h>

#include "ui/plots/cost_view.h"

namespace gorgon {

class CostPlot : public QCustomPlot
{
    Q_OBJECT

public:
    explicit CostPlot(QWidget* parent);

    void show(const CostView& costs);
    /// Of the newest step; 0: none.
    void setNodesInUse(int nodes);
    void applyPlotTheme();

    const CostView& costs() const { return m_costs; }
    /// "8 nodes: 1.4 × the time of a plain step for 2.6 tokens, 1.9 × the speed".
    QString sentence(int nodes) const;

protected:
    bool event(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void placeNames();

    CostView m_costs;
    int m_in_use = 0;
    QCPGraph* m_time = nullptr;
    QCPGraph* m_tokens = nullptr;
    QCPGraph* m_best = nullptr; // one point
    QCPItemStraightLine* m_in_use_line = nullptr;
    QCPItemText* m_time_name = nullptr;
    QCPItemText* m_tokens_name = nullptr;
    QCPItemText* m_nothing = nullptr;
};

} // namespace gorgon
