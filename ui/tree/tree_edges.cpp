// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tree/tree_edges.h"

#include <algorithm>
#include <cmath>

#include <QPainter>
#include <QPainterPath>

#include "ui/theme/theme.h"

namespace gorgon {
namespace {

constexpr qreal kBulge = 14;

QPainterPath curve(const TreeEdge& edge)
{
    QPainterPath path(edge.from);
    if (edge.around) {
        const QPointF out(kBulge * 4 / 3, 0); // a cubic reaches three quarters of its handles
        path.cubicTo(edge.from + out, edge.to + out, edge.to);
    } else {
        const QPointF bend((edge.to.x() - edge.from.x()) * 0.5, 0);
        path.cubicTo(edge.from + bend, edge.to - bend, edge.to);
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
        m_bounds |= QRectF(edge.from, edge.to).normalized().adjusted(-3, -3, kBulge + 3, 3);
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
            painter->drawPath(curve(edge));
        }
    }
}

} // namespace gorgon
