// SPDX-License-Identifier: GPL-3.0-or-later
// What both plots share: colours, lines with a name, flags, a cursor, copying and exporting.
#pragma once

#include <qcustomplot.h>

#include "ui/tree/step_history.h"

namespace gorgon {

class HistoryPlot : public QCustomPlot
{
    Q_OBJECT

public:
    explicit HistoryPlot(QWidget* parent);

    /// Reads the history anew and paints; null or empty: an empty plot.
    void show(const StepHistory* history);
    void setCursor(qint64 serial);
    void applyPlotTheme();

    /// 0 or less: no line.
    void setReference(double value, const QString& name);
    double reference() const { return m_reference; }

    bool exportCsv(const QString& path, QString* problem = nullptr) const;

public slots:
    void copyImage();
    void askForCsv();

signals:
    void stepClicked(qint64 serial);

protected:
    /// Fills the graphs and ranges. `history` is not empty.
    virtual void fill(const StepHistory& history) = 0;
    virtual void clearGraphs() = 0;
    virtual void colour() = 0;
    virtual double xOf(const StepHistory& history, qint64 serial) const = 0;
    virtual int rowAt(const StepHistory& history, double x) const = 0;
    virtual QString tipAt(const StepHistory& history, int row) const = 0;

    void placeReference();
    QCPItemStraightLine* addLine(); // hairline, behind the graphs

    const StepHistory* m_history = nullptr;

    void contextMenuEvent(QContextMenuEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    bool event(QEvent* event) override;

private:
    void placeFlags();
    void placeCursor();

    QCPItemStraightLine* m_reference_line = nullptr;
    QCPItemText* m_reference_text = nullptr;
    QCPItemStraightLine* m_cursor_line = nullptr;
    QVector<QCPItemStraightLine*> m_flag_lines;
    QCPItemText* m_flag_text = nullptr;
    double m_reference = 0;
    qint64 m_cursor = -1;
};

} // namespace gorgon
