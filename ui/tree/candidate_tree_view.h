// SPDX-License-Identifier: GPL-3.0-or-later
// Draws the candidate tree of one step, left to right, and explains its nodes.
#pragma once

#include <QGraphicsView>

#include "ui/tree/head_accuracy.h"
#include "ui/tree/step_view.h"
#include "ui/tree/tree_layout.h"

namespace gorgon {

class ColumnHeader;
class NodeItem;
class TreeEdges;

class CandidateTreeView : public QGraphicsView
{
    Q_OBJECT

public:
    explicit CandidateTreeView(QWidget* parent = nullptr);

    /// Places change only with the tree's shape and the width of the view.
    void setStep(const StepView& view, const HeadAccuracy& accuracy = {});
    void clearStep();
    const StepView& step() const { return m_step; }

    const TreeLayout& treeLayout() const { return m_layout; }
    int nodeItemCount() const { return int(m_items.size()); }
    NodeItem* nodeItem(int node) const; // -1: the next root
    QRectF columnRect(int column) const; // in the viewport

    void hoverNode(int node, bool entered); // called by the items
    void selectNode(int node); // -2: none
    int selectedNode() const { return m_selected; }
    QString explanation() const; // of the node under the pointer or selected, else of the step

    void zoomBy(double factor);
    void fit();

    static constexpr int kNoNode = -2;

signals:
    void explanationChanged(const QString& sentence);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;

private:
    void relayout();
    void place();
    void fill();
    void fillEdges();
    void placeNextRoot();
    void moveSelection(int by);
    void updateTheme();
    double wantedPitch(double height) const;

    StepView m_step;
    TreeLayout m_layout;
    std::vector<NodeItem*> m_items; // by node number
    NodeItem* m_next_root = nullptr;
    TreeEdges* m_edges = nullptr;
    ColumnHeader* m_header = nullptr;
    double m_zoom = 1; // of the person, on top of the fit
    int m_hovered = kNoNode;
    int m_selected = kNoNode;
};

} // namespace gorgon
