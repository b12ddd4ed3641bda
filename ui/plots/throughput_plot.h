// SPDX-License-Identifier: GPL-3.0-or-later
// Tokens per second over time; reading a prompt is shaded.
#pragma once

#include "ui/plots/history_plot.h"

#include <limits>

namespace gorgon {

class ThroughputPlot : public HistoryPlot
{
    Q_OBJECT

public:
    static constexpr double kSeconds = 60; // shown at most

    explicit ThroughputPlot(QWidget* parent = nullptr);

    QCPGraph* rate() const { return m_rate; }
    int shadedPrompts() const;
    double newestRate() const { return m_newest; } // NaN: not known

protected:
    void fill(const StepHistory& history) override;
    void clearGraphs() override;
    void colour() override;
    double xOf(const StepHistory& history, qint64 serial) const override;
    int rowAt(const StepHistory& history, double x) const override;
    QString tipAt(const StepHistory& history, int row) const override;

private:
    void placePrompts(const StepHistory& history, double begin_s);

    QCPGraph* m_rate = nullptr;
    QVector<QCPItemRect*> m_prompts;
    double m_newest = std::numeric_limits<double>::quiet_NaN();
};

} // namespace gorgon
