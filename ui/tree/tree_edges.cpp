// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tree/tree_edges.h"

#include <algorithm>
#include <cmath>

#include <QPainter>
#include <QPainterPath>

#include "ui/theme/theme.h"

namespace gorgon {
namespace {

QPainterPath curve(const QPointF& from, const QPointF& to)
{
    QPainterPath path(from);
    if (to.x() > from.x()) {
        const qreal bend = (to.x() - from.x()) * 0.5;
        path.cubicTo(from + QPointF(bend, 0), to - QPointF(bend, 0), to);
    } else {
        path.lineTo(to); // to the next root in the same column
    }
    return path;
}

} // namespace

void TreeEdges::setEdges(std::vector<TreeEdge> edges)
{
    if (edges == m_edges)
        return;
    prepareGeometryChange();
    m_edges = std::move(edges);
    m_bounds = QRectF();
    for (const TreeEdge& edge : m_edges)
        m_bounds |= QRectF(edge.from, edge.to).normalized().adjusted(-3, -3, 3, 3);
    update();
}

void TreeEdges::paint(QPainter* painter, const QStyleOptionGraphicsItem*, QWidget*)
{
    const Theme& t = theme();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setBrush(Qt::NoBrush);
    for (const bool accepted : {false, true}) {
        for (const TreeEdge& edge : m_edges) {
            if (edge.accepted != accepted)
                continue;
            // Square root: most products are small, and their differences should still be seen.
            const double share = std::sqrt(std::clamp(edge.cumulative_prob, 0.0, 1.0));
            const qreal width = accepted ? 3.2 : t.hairline_width + 2 * share;
            QColor colour = accepted ? t.accent : blend(t.muted, t.hairline, 0.25);
            colour.setAlphaF(edge.dim && !t.high_contrast ? 0.55F : 1);
            painter->setPen(QPen(colour, width, Qt::SolidLine, Qt::FlatCap));
            painter->drawPath(curve(edge.from, edge.to));
        }
    }
}

} // namespace gorgon
