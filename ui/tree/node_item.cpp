// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tree/node_item.h"

#include <QPainter>

#include "ui/tree/candidate_tree_view.h"

namespace gorgon {

NodeItem::NodeItem(CandidateTreeView* view, int node)
    : m_view(view)
    , m_node(node)
{
    setAcceptHoverEvents(true);
    setAcceptedMouseButtons(Qt::LeftButton);
    updateStacking();
}

void NodeItem::setFace(const NodeFace& face)
{
    if (face == m_face)
        return; // nothing repaints that did not change
    prepareGeometryChange();
    m_face = face;
    updateStacking();
    update();
}

void NodeItem::setSelectedNode(bool selected)
{
    if (selected == m_selected)
        return;
    prepareGeometryChange();
    m_selected = selected;
    updateStacking();
    update();
}

bool NodeItem::showsText() const
{
    return m_face.detail == NodeDetail::full || m_face.onPath() || m_hovered || m_selected;
}

void NodeItem::updateStacking()
{
    setZValue(m_hovered || m_selected ? 4 : m_face.onPath() ? 3 : 2);
}

QRectF NodeItem::box() const
{
    const double height = nodeHeight(m_face.detail, showsText());
    return QRectF(0, -height / 2, kNodeWidth, height);
}

QRectF NodeItem::boundingRect() const
{
    const double label
        = m_face.detail == NodeDetail::dots ? 14 : 5; // a dot's label is higher than the dot
    return box().adjusted(-5, -label, 8, label);
}

void NodeItem::paint(QPainter* painter, const QStyleOptionGraphicsItem*, QWidget*)
{
    paintNode(painter, box(), m_face, showsText(), m_selected);
}

void NodeItem::hoverEnterEvent(QGraphicsSceneHoverEvent*)
{
    prepareGeometryChange();
    m_hovered = true;
    updateStacking();
    m_view->hoverNode(m_node, true);
}

void NodeItem::hoverLeaveEvent(QGraphicsSceneHoverEvent*)
{
    prepareGeometryChange();
    m_hovered = false;
    updateStacking();
    m_view->hoverNode(m_node, false);
}

void NodeItem::mousePressEvent(QGraphicsSceneMouseEvent*)
{
    m_view->selectNode(m_node);
}

} // namespace gorgon
