// SPDX-License-Identifier: GPL-3.0-or-later
// What the marks of the tree mean. Whole entries flow to a second line; none is broken.
#pragma once

#include <vector>

#include <QWidget>

namespace gorgon {

class TreeLegend : public QWidget
{
    Q_OBJECT

public:
    explicit TreeLegend(QWidget* parent = nullptr);

    /// Greedy and exact have no threshold but a wide tick at the model's own choice.
    void setHasThreshold(bool has);

    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    enum class Mark
    {
        bar,
        tick,
        wide_tick,
        line,
        accepted,
        passed,
        rejected,
        not_reached,
        next_root,
    };
    struct Entry
    {
        Mark mark;
        QString text;
        QString more; // tooltip
    };
    struct Placed
    {
        QRectF rect;
        const Entry* entry;
    };
    std::vector<Placed> placed(int width) const;
    std::vector<Placed> flowed(int width) const;
    static void paintMark(QPainter* painter, const QPointF& centre, Mark mark);

    std::vector<Entry> m_entries;
};

} // namespace gorgon
