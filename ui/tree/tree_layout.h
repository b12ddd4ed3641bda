// SPDX-License-Identifier: GPL-3.0-or-later
// Where the nodes of a tree stand. Depends on the tree's shape alone, so nodes keep their places.
#pragma once

#include <vector>

#include <QRectF>

#include "core/decode/decode_step.h"

namespace gorgon {

/// How much of a node is drawn: fewer than 30 nodes, up to 100, beyond.
enum class NodeDetail
{
    full, // text and bars everywhere
    bars, // text on the accepted path and where the pointer is
    dots,
};

NodeDetail detailFor(int n_nodes);

struct TreeLayout
{
    NodeDetail detail = NodeDetail::full;
    double column_pitch = 0;
    int n_columns = 0; // root included
    std::vector<double> y; // centre of each node
    std::vector<int> column; // depth, made sane
    double top = 0; // of the highest node
    double bottom = 0;

    double x(int node) const { return column[size_t(node)] * column_pitch; } // left edge
};

constexpr double kNodeWidth = 94;
constexpr double kTreeMargin = 10; // about the tree, in the scene
constexpr double kMinColumnPitch = 114;
constexpr double kMaxColumnPitch = 150;

/// Height of a node in its slot; larger on the accepted path where detail is low.
double nodeHeight(NodeDetail detail, bool on_path);

/// Children stand below one another by rank, a parent beside the middle of its children, branches
/// packed as close as their outlines allow.
TreeLayout layoutTree(const std::vector<StepNode>& nodes, double column_pitch);

/// Whether two steps have the same places.
bool sameShape(const std::vector<StepNode>& a, const std::vector<StepNode>& b);

/// Centre of the free slot in a column that lies nearest to `wanted`, for a node as high as those
/// of the accepted path. Stays between the tree's first and last node where a slot is free there.
double freeSlot(const TreeLayout& layout, int column, double wanted);

/// How far the tree's outline must grow above and below so that every column has a free slot.
double slotReserve(const TreeLayout& layout);

} // namespace gorgon
