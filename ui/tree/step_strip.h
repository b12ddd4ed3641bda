// SPDX-License-Identifier: GPL-3.0-or-later
// The last 200 steps as small columns: height is the accepted length. Click, drag or arrow keys go
// to a step.
#pragma once

#include <QPointer>
#include <QWidget>

#include "ui/tree/step_history.h"

namespace gorgon {

class StepStrip : public QWidget
{
    Q_OBJECT

public:
    static constexpr int kSteps = 200;

    explicit StepStrip(QWidget* parent = nullptr);

    void setHistory(StepHistory* history);
    /// The step that is shown and whether the view is held there.
    void setCurrent(qint64 serial, bool held);
    /// One picture for so many steps; 1: all are shown.
    void setSampling(int steps);
    QString stateWords() const;

    int shownSteps() const;
    QRectF columnRect(qint64 serial) const; // empty: not in the strip
    qint64 serialAt(double x) const; // the nearest column; -1: no steps

    QSize sizeHint() const override { return {400, 62}; }
    QSize minimumSizeHint() const override { return {120, 62}; }

signals:
    void serialChosen(qint64 serial);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    int columnPitch() const;
    int firstRow() const;
    void updateAccessible();

    QPointer<StepHistory> m_history;
    qint64 m_serial = -1;
    bool m_held = false;
    int m_sampling = 1;
};

} // namespace gorgon
