// SPDX-License-Identifier: GPL-3.0-or-later
// Tokens of each step as dots, their rolling mean as a line, and the lines below which drafting
// costs time.
#pragma once

#include "ui/plots/history_plot.h"

namespace gorgon {

class AcceptancePlot : public HistoryPlot
{
    Q_OBJECT

public:
    static constexpr int kSteps = 200;

    explicit AcceptancePlot(QWidget* parent = nullptr);

    QCPGraph* dots() const { return m_dots; }
    QCPGraph* mean() const { return m_mean; }

protected:
    void fill(const StepHistory& history) override;
    void clearGraphs() override;
    void colour() override;
    double xOf(const StepHistory& history, qint64 serial) const override;
    int rowAt(const StepHistory& history, double x) const override;
    QString tipAt(const StepHistory& history, int row) const override;

private:
    QCPGraph* m_dots = nullptr;
    QCPGraph* m_mean = nullptr;
    QCPItemStraightLine* m_one = nullptr;
};

} // namespace gorgon
