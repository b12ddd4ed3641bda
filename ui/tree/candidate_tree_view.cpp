// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tree/candidate_tree_view.h"

#include <algorithm>

#include "ui/tree/column_header.h"
#include "ui/tree/node_item.h"
#include "ui/tree/step_words.h"
#include "ui/tree/tree_edges.h"

namespace gorgon {
CandidateTreeView::CandidateTreeView(QWidget* parent)
    : QGraphicsView(parent)
{
    auto* tree_scene = new QGraphicsScene(this);
    tree_scene->setItemIndexMethod(QGraphicsScene::NoIndex); // few items, all of them change
    setScene(tree_scene);
    setFrameShape(QFrame::NoFrame);
    setAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    setDragMode(QGraphicsView::ScrollHandDrag);
    viewport()->setCursor(Qt::ArrowCursor);
    setViewportMargins(0, ColumnHeader::kHeight, 0, 0);
    setAccessibleName(tr("Candidate tree"));
    viewport()->setAccessibleName(accessibleName());
    m_header = new ColumnHeader(this);
    m_edges = new TreeEdges;
    tree_scene->addItem(m_edges);
    updateTheme();
}

NodeItem* CandidateTreeView::nodeItem(int node) const
{
    if (node < 0)
        return m_next_root;
    return node < int(m_items.size()) ? m_items[size_t(node)] : nullptr;
}

void CandidateTreeView::setStep(const StepView& view, const HeadAccuracy& accuracy)
{
    const bool same = sameShape(view.step.nodes, m_step.step.nodes) && !m_items.empty();
    m_step = view;
    if (!same) {
        selectNode(kNoNode);
        m_hovered = kNoNode;
        relayout();
        fit();
    }
    fill();
    std::vector<ColumnHeader::Column> columns;
    for (int head = 0; head < draftDepth(view.step); ++head)
        columns.push_back(
            {topOneHit(view.step, head), accuracy.share(head), accuracy.guesses(head)});
    m_header->setColumns(std::move(columns));
    setAccessibleDescription(stepSentence(m_step));
    emit explanationChanged(explanation());
}

void CandidateTreeView::clearStep()
{
    selectNode(kNoNode);
    m_hovered = kNoNode;
    m_step = {};
    relayout();
    m_header->setColumns({});
    setAccessibleDescription(QString());
    emit explanationChanged(QString());
}

void CandidateTreeView::relayout()
{
    const size_t n = m_step.step.nodes.size();
    while (m_items.size() > n) {
        delete m_items.back();
        m_items.pop_back();
    }
    while (m_items.size() < n) {
        m_items.push_back(new NodeItem(this, int(m_items.size())));
        scene()->addItem(m_items.back());
    }
    if (!m_next_root && n > 0) {
        m_next_root = new NodeItem(this, -1);
        scene()->addItem(m_next_root);
    }
    if (m_next_root)
        m_next_root->setVisible(n > 0);
    place();
    m_edges->setEdges({});
}

void CandidateTreeView::place()
{
    m_layout = layoutTree(m_step.step.nodes, kMinColumnPitch);
    const double half = nodeHeight(m_layout.detail, true) / 2;
    // Room for the next root, whether it needs it or not: nothing moves from step to step.
    const double reserve = m_layout.n_columns > 1 ? slotReserve(m_layout) : 0;
    const double top = m_layout.top - reserve - half - kTreeMargin;
    const double bottom = m_layout.bottom + reserve + half + kTreeMargin;
    m_layout.column_pitch = wantedPitch(bottom - top);
    for (size_t i = 0; i < m_items.size(); ++i)
        m_items[i]->setPos(m_layout.x(int(i)), m_layout.y[i]);
    const int gaps = std::max(m_layout.n_columns, 1) - 1;
    scene()->setSceneRect(-kTreeMargin, top,
        gaps * m_layout.column_pitch + kNodeWidth + 3 * kTreeMargin, bottom - top);
}

void CandidateTreeView::fill()
{
    const DecodeStep& step = m_step.step;
    for (size_t i = 0; i < m_items.size(); ++i) {
        const StepNode& node = step.nodes[i];
        NodeFace face;
        face.kind = node.depth == 0 ? NodeFace::Kind::root : NodeFace::Kind::drafted;
        face.detail = m_layout.detail;
        face.label = labelOf(m_step, int(i));
        face.head = std::max(node.depth - 1, 0);
        face.draft_prob = node.draft_prob;
        face.posterior_prob = node.posterior_prob;
        face.threshold = hasThreshold(step) ? node.threshold : -1;
        face.models_choice = isModelsChoice(step, int(i));
        face.empty = node.token < 0;
        face.verdict = node.verdict;
        m_items[i]->setFace(face);
    }
    placeNextRoot();
    fillEdges();
}

void CandidateTreeView::placeNextRoot()
{
    if (!m_next_root || m_items.empty())
        return;
    const DecodeStep& step = m_step.step;
    const int n = int(m_items.size());
    const int last = step.path.empty() ? 0 : std::clamp(step.path.back(), 0, n - 1);
    NodeFace face;
    face.kind = NodeFace::Kind::next_root;
    face.detail = m_layout.detail;
    face.label = m_step.next_root_label;
    face.verdict = Verdict::accepted;
    m_next_root->setFace(face);
    m_next_root->setVisible(step.next_root >= 0);
    const int column
        = std::min(m_layout.column[size_t(last)] + 1, std::max(m_layout.n_columns - 1, 0));
    m_next_root->setPos(
        column * m_layout.column_pitch, freeSlot(m_layout, column, m_layout.y[size_t(last)]));
}

void CandidateTreeView::fillEdges()
{
    const DecodeStep& step = m_step.step;
    std::vector<double> cumulative(m_items.size(), 1);
    std::vector<TreeEdge> edges;
    const bool dots = m_layout.detail == NodeDetail::dots;
    const auto leave
        = [&](const NodeItem& item) { return item.pos() + QPointF(dots ? 10 : kNodeWidth, 0); };
    for (size_t i = 1; i < m_items.size(); ++i) {
        const StepNode& node = step.nodes[i];
        const size_t parent = node.parent >= 0 && size_t(node.parent) < i ? size_t(node.parent) : 0;
        cumulative[i] = cumulative[parent] * double(node.draft_prob);
        edges.push_back({leave(*m_items[parent]), m_items[i]->pos(), cumulative[i],
            node.verdict == Verdict::accepted, node.verdict == Verdict::not_reached, false});
    }
    if (m_next_root && m_next_root->isVisible() && !m_items.empty()) {
        const int last
            = step.path.empty() ? 0 : std::clamp(step.path.back(), 0, int(m_items.size()) - 1);
        const NodeItem& from = *m_items[size_t(last)];
        const bool around
            = from.pos().x() >= m_next_root->pos().x(); // the leaf stands in the last column
        const QPointF to = around ? leave(*m_next_root) : m_next_root->pos();
        edges.push_back({leave(from), to, 1, true, false, around});
    }
    m_edges->setEdges(std::move(edges));
}

} // namespace gorgon
