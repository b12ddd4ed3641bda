// SPDX-License-Identifier: GPL-3.0-or-later
// All edges of the tree in one item behind the nodes; the accepted path last.
#pragma once

#include <vector>

#include <QGraphicsItem>

namespace gorgon {

struct TreeEdge
{
    QPointF from;
    QPointF to;
    double cumulative_prob = 0; // of the draft, from the root
    bool accepted = false;
    bool dim = false;
    bool around = false; // both ends on the right side of one column

    bool operator==(const TreeEdge&) const = default;
};

class TreeEdges : public QGraphicsItem
{
public:
    void setEdges(std::vector<TreeEdge> edges);
    const std::vector<TreeEdge>& edges() const { return m_edges; }

    QRectF boundingRect() const override { return m_bounds; }
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

private:
    std::vector<TreeEdge> m_edges;
    QRectF m_bounds;
};

} // namespace gorgon
