// SPDX-License-Identifier: GPL-3.0-or-later
// Pointer, keys, scale and explanations of CandidateTreeView.
#include <algorithm>
#include <cmath>

#include <QKeyEvent>
#include <QScrollBar>
#include <QToolTip>
#include <QWheelEvent>

#include "ui/theme/theme.h"
#include "ui/tree/candidate_tree_view.h"
#include "ui/tree/column_header.h"
#include "ui/tree/node_item.h"
#include "ui/tree/step_words.h"

namespace gorgon {
namespace {

// Smaller text cannot be read: scroll instead. Dots carry little text, and theirs keeps its size.
double minFit(NodeDetail detail)
{
    return detail == NodeDetail::dots ? 0.5 : 0.7;
}

constexpr double kMaxFit = 1.15;
constexpr double kMinZoom = 0.5;
constexpr double kMaxZoom = 4;

} // namespace

double CandidateTreeView::wantedPitch(double height) const
{
    // The scale follows from the height; columns then take the width that is left.
    if (m_layout.n_columns < 2)
        return kMinColumnPitch;
    const double wanted = viewport()->height() / height;
    const double scale = std::clamp(wanted, minFit(m_layout.detail), kMaxFit);
    const int bar = wanted < scale ? verticalScrollBar()->sizeHint().width() : 0;
    const double room = (width() - bar) / scale - kNodeWidth - 3 * kTreeMargin;
    return std::clamp(std::floor(room / (m_layout.n_columns - 1)), kMinColumnPitch,
        kMaxColumnPitch / std::min(scale, 1.0));
}

void CandidateTreeView::fit()
{
    const QRectF rect = sceneRect();
    if (rect.isEmpty() || viewport()->width() < 10 || viewport()->height() < 10)
        return;
    const double scale
        = std::min(viewport()->width() / rect.width(), viewport()->height() / rect.height());
    const double fitted = std::clamp(scale, minFit(m_layout.detail), kMaxFit) * m_zoom;
    setTransform(QTransform::fromScale(fitted, fitted));
    if (m_items.empty())
        return;
    horizontalScrollBar()->setValue(horizontalScrollBar()->minimum());
    // Where not all fits: the likely branches, which stand at the top, with the root still in
    // sight.
    const double root_y = m_layout.y[0] * fitted;
    verticalScrollBar()->setValue(
        qMax(verticalScrollBar()->minimum(), qRound(root_y - 0.85 * viewport()->height())));
    m_header->update();
}

void CandidateTreeView::zoomBy(double factor)
{
    m_zoom = std::clamp(m_zoom * factor, kMinZoom, kMaxZoom);
    if (std::abs(m_zoom - 1) < 0.04)
        m_zoom = 1;
    fit();
}

QRectF CandidateTreeView::columnRect(int column) const
{
    const QPointF left = mapFromScene(QPointF(column * m_layout.column_pitch, 0));
    return QRectF(left.x(), 0, m_layout.column_pitch * transform().m11(), viewport()->height());
}

void CandidateTreeView::hoverNode(int node, bool entered)
{
    if (!entered && m_hovered != node)
        return;
    m_hovered = entered ? node : kNoNode;
    const QString sentence = explanation();
    if (NodeItem* item = entered ? nodeItem(node) : nullptr)
        item->setToolTip(QStringLiteral("<qt>%1</qt>").arg(sentence.toHtmlEscaped()));
    emit explanationChanged(sentence);
}

void CandidateTreeView::selectNode(int node)
{
    if (NodeItem* old = m_selected == kNoNode ? nullptr : nodeItem(m_selected))
        old->setSelectedNode(false);
    m_selected = node == m_selected || !nodeItem(node) ? kNoNode : node;
    if (m_selected != kNoNode) {
        nodeItem(m_selected)->setSelectedNode(true);
        nodeItem(m_selected)->ensureVisible(nodeItem(m_selected)->boundingRect(), 8, 8);
    }
    emit explanationChanged(explanation());
}

QString CandidateTreeView::explanation() const
{
    if (m_items.empty())
        return QString();
    const int node = m_hovered != kNoNode ? m_hovered : m_selected;
    if (node == kNoNode)
        return endSentence(m_step);
    if (node == -1)
        return tr("%1 is what the model itself put after the last accepted token. It is certain "
                  "and begins "
                  "the next step.")
            .arg(quoted(m_step.next_root_label));
    return nodeSentence(m_step, node);
}

void CandidateTreeView::moveSelection(int by)
{
    // Reading order: column by column, each from top to bottom.
    std::vector<int> order(m_items.size());
    for (size_t i = 0; i < order.size(); ++i)
        order[i] = int(i);
    std::stable_sort(order.begin(), order.end(), [this](int a, int b) {
        return std::pair(m_layout.column[size_t(a)], m_layout.y[size_t(a)])
            < std::pair(m_layout.column[size_t(b)], m_layout.y[size_t(b)]);
    });
    if (order.empty())
        return;
    const auto at = std::find(order.begin(), order.end(), m_selected);
    const int n = int(order.size());
    const int place = at == order.end() ? (by > 0 ? 0 : n - 1)
                                        : std::clamp(int(at - order.begin()) + by, 0, n - 1);
    if (order[size_t(place)] != m_selected)
        selectNode(order[size_t(place)]);
}

void CandidateTreeView::keyPressEvent(QKeyEvent* event)
{
    const bool control = event->modifiers() & Qt::ControlModifier;
    if (event->key() == Qt::Key_Up || event->key() == Qt::Key_Down)
        moveSelection(event->key() == Qt::Key_Down ? 1 : -1);
    else if (event->key() == Qt::Key_Escape && m_selected != kNoNode)
        selectNode(m_selected);
    else if (control && (event->key() == Qt::Key_Plus || event->key() == Qt::Key_Equal))
        zoomBy(1.2);
    else if (control && event->key() == Qt::Key_Minus)
        zoomBy(1 / 1.2);
    else if (control && event->key() == Qt::Key_0)
        zoomBy(1 / m_zoom);
    else if (event->key() == Qt::Key_PageUp || event->key() == Qt::Key_PageDown)
        QGraphicsView::keyPressEvent(event);
    else
        event->ignore(); // the panel scrubs with arrows, Home, End and Space
}

void CandidateTreeView::wheelEvent(QWheelEvent* event)
{
    if (!(event->modifiers() & Qt::ControlModifier))
        return QGraphicsView::wheelEvent(event);
    zoomBy(std::pow(1.2, event->angleDelta().y() / 120.0));
    event->accept();
}

void CandidateTreeView::resizeEvent(QResizeEvent* event)
{
    QGraphicsView::resizeEvent(event);
    m_header->setGeometry(viewport()->x(), viewport()->y() - ColumnHeader::kHeight,
        viewport()->width(), ColumnHeader::kHeight);
    place();
    fill();
    fit();
}

void CandidateTreeView::scrollContentsBy(int dx, int dy)
{
    QGraphicsView::scrollContentsBy(dx, dy);
    m_header->update();
}

void CandidateTreeView::changeEvent(QEvent* event)
{
    QGraphicsView::changeEvent(event);
    if (event->type() == QEvent::StyleChange || event->type() == QEvent::PaletteChange)
        updateTheme();
}

void CandidateTreeView::updateTheme()
{
    setBackgroundBrush(theme().panel);
    if (m_header)
        m_header->update();
    viewport()->update();
}

} // namespace gorgon
