// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tree/tree_layout.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gorgon {
namespace {

/// Distances of centres: between siblings, and more between nodes of different parents.
struct Pitch
{
    double sibling;
    double cousin;
};

Pitch pitchFor(NodeDetail detail)
{
    switch (detail) {
    case NodeDetail::full:
        return {44, 56};
    case NodeDetail::bars:
        return {17, 22};
    case NodeDetail::dots:
        break;
    }
    return {11, 15};
}

/// Outline of a subtree: first and last centre per level, relative to its own root.
struct Outline
{
    std::vector<double> first;
    std::vector<double> last;
};

int parentOf(const std::vector<StepNode>& nodes, int node)
{
    const int parent = nodes[size_t(node)].parent;
    return parent >= 0 && parent < node ? parent : 0; // a damaged recording hangs on the root
}

/// How far below `above` a subtree must begin so that no level touches.
double clearance(const Outline& above, const Outline& below, const Pitch& pitch)
{
    double offset = above.last[0] + pitch.sibling - below.first[0];
    for (size_t level = 1; level < std::min(above.last.size(), below.first.size()); ++level)
        offset = std::max(offset, above.last[level] + pitch.cousin - below.first[level]);
    return offset;
}

void merge(Outline& into, const Outline& part, double offset)
{
    for (size_t level = 0; level < part.first.size(); ++level) {
        if (level == into.first.size()) {
            into.first.push_back(part.first[level] + offset);
            into.last.push_back(part.last[level] + offset);
        }
        into.last[level] = part.last[level] + offset;
    }
}

} // namespace

NodeDetail detailFor(int n_nodes)
{
    return n_nodes < 30 ? NodeDetail::full : n_nodes <= 100 ? NodeDetail::bars : NodeDetail::dots;
}

double nodeHeight(NodeDetail detail, bool on_path)
{
    switch (detail) {
    case NodeDetail::full:
        return 34;
    case NodeDetail::bars:
        return on_path ? 23 : 10;
    case NodeDetail::dots:
        break;
    }
    return 8;
}

bool sameShape(const std::vector<StepNode>& a, const std::vector<StepNode>& b)
{
    return std::equal(
        a.begin(), a.end(), b.begin(), b.end(), [](const StepNode& x, const StepNode& y) {
            return x.parent == y.parent && x.depth == y.depth && x.rank == y.rank;
        });
}

TreeLayout layoutTree(const std::vector<StepNode>& nodes, double column_pitch)
{
    const int n = int(nodes.size());
    TreeLayout layout;
    layout.detail = detailFor(n);
    layout.column_pitch = column_pitch;
    layout.y.assign(size_t(n), 0);
    layout.column.assign(size_t(n), 0);
    const Pitch pitch = pitchFor(layout.detail);

    std::vector<std::vector<int>> children(static_cast<size_t>(n));
    for (int i = 1; i < n; ++i) {
        const int parent = parentOf(nodes, i);
        layout.column[size_t(i)] = layout.column[size_t(parent)] + 1;
        children[size_t(parent)].push_back(i);
    }

    // From the leaves up: place each child below its elder siblings, then the parent beside their
    // middle.
    std::vector<double> offset(size_t(n), 0); // from the parent's centre
    std::vector<Outline> outlines(static_cast<size_t>(n));
    for (int i = n - 1; i >= 0; --i) {
        auto& own = children[size_t(i)];
        std::stable_sort(own.begin(), own.end(),
            [&](int a, int b) { return nodes[size_t(a)].rank < nodes[size_t(b)].rank; });
        Outline below;
        for (const int child : own) {
            Outline& part = outlines[size_t(child)];
            offset[size_t(child)] = below.first.empty() ? 0 : clearance(below, part, pitch);
            merge(below, part, offset[size_t(child)]);
            part = {};
        }
        const double middle
            = own.empty() ? 0 : (offset[size_t(own.front())] + offset[size_t(own.back())]) / 2;
        Outline& outline = outlines[size_t(i)];
        outline = {{0}, {0}};
        for (const int child : own)
            offset[size_t(child)] -= middle;
        for (size_t level = 0; level < below.first.size(); ++level) {
            outline.first.push_back(below.first[level] - middle);
            outline.last.push_back(below.last[level] - middle);
        }
    }
    for (int i = 1; i < n; ++i)
        layout.y[size_t(i)] = layout.y[size_t(parentOf(nodes, i))] + offset[size_t(i)];
    for (int i = 0; i < n; ++i) {
        layout.top = std::min(layout.top, layout.y[size_t(i)]);
        layout.bottom = std::max(layout.bottom, layout.y[size_t(i)]);
        layout.n_columns = std::max(layout.n_columns, layout.column[size_t(i)] + 1);
    }
    return layout;
}

double freeSlot(const TreeLayout& layout, int column, double wanted)
{
    const double distance
        = nodeHeight(layout.detail, true) + (layout.detail == NodeDetail::full ? 10 : 6);
    std::vector<double> taken;
    for (size_t i = 0; i < layout.y.size(); ++i)
        if (layout.column[i] == column)
            taken.push_back(layout.y[i]);
    std::vector<double> candidates{wanted};
    for (const double y : taken) {
        candidates.push_back(y - distance);
        candidates.push_back(y + distance);
    }
    // Outside the outline only where nothing inside is free.
    const double span = layout.bottom - layout.top + 2 * distance;
    const auto cost = [&](double y) {
        const bool inside = y >= layout.top - 1e-9 && y <= layout.bottom + 1e-9;
        return std::abs(y - wanted) + (inside ? 0 : span);
    };
    double best = wanted;
    double best_cost = std::numeric_limits<double>::infinity();
    for (const double y : candidates) {
        const bool free = std::all_of(taken.begin(), taken.end(),
            [&](double other) { return std::abs(other - y) >= distance - 1e-9; });
        if (free && cost(y) < best_cost) {
            best = y;
            best_cost = cost(y);
        }
    }
    return best;
}

double slotReserve(const TreeLayout& layout)
{
    double reserve = 0;
    for (size_t i = 0; i < layout.y.size(); ++i) {
        const int column = std::min(layout.column[i] + 1, layout.n_columns - 1);
        const double y = freeSlot(layout, column, layout.y[i]);
        reserve = std::max({reserve, layout.top - y, y - layout.bottom});
    }
    return reserve;
}

} // namespace gorgon
