// SPDX-License-Identifier: GPL-3.0-or-later
// One node of the tree. Items are made once per place and given a new face at each step.
#pragma once

#include <QGraphicsItem>

#include "ui/tree/tree_layout.h"

namespace gorgon {

struct NodeFace
{
    enum class Kind
    {
        root,
        drafted,
        next_root, // the pill
    };

    Kind kind = Kind::drafted;
    NodeDetail detail = NodeDetail::full;
    QString label;
    int head = 0; // from 0
    float draft_prob = 0;
    float posterior_prob = 0;
    float threshold = -1; // below 0: this mode has none
    bool models_choice = false; // what the model itself put here
    bool empty = false; // the head proposed nothing
    Verdict verdict = Verdict::not_reached;

    bool onPath() const { return kind != Kind::drafted || verdict == Verdict::accepted; }
    bool operator==(const NodeFace&) const = default;
};

class NodeItem : public QGraphicsItem
{
public:
    NodeItem(class CandidateTreeView* view, int node);

    int node() const { return m_node; } // -1: the next root
    const NodeFace& face() const { return m_face; }
    void setFace(const NodeFace& face);
    void setSelectedNode(bool selected);

    /// The box as drawn, about the item's origin at the middle of the left edge.
    QRectF box() const;
    QRectF boundingRect() const override;
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

protected:
    void hoverEnterEvent(QGraphicsSceneHoverEvent* event) override;
    void hoverLeaveEvent(QGraphicsSceneHoverEvent* event) override;
    void mousePressEvent(QGraphicsSceneMouseEvent* event) override;

private:
    bool showsText() const;
    void updateStacking();

    class CandidateTreeView* m_view;
    int m_node;
    NodeFace m_face;
    bool m_hovered = false;
    bool m_selected = false;
};

/// Draws a face into `box`; also used by the legend.
void paintNode(
    QPainter* painter, const QRectF& box, const NodeFace& face, bool with_text, bool ringed);

/// ✓ ○ ✕ as strokes, 9 pixels wide about `centre`.
void paintVerdict(QPainter* painter, const QPointF& centre, Verdict verdict);

/// The track with its bar, tick and threshold line.
void paintTrack(QPainter* painter, const QRectF& track, const NodeFace& face);

} // namespace gorgon
