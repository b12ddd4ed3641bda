// SPDX-License-Identifier: Apache-2.0
// T(n), the time of a decode step by the nodes of its tree: measured once per model, format and
// machine.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/decode/engine.h"
#include "core/train/tree_search.h"

namespace gorgon {

constexpr int kMostTimedNodes = 64;

struct CostCurve
{
    std::vector<int> nodes; // sizes that were timed: ascending, from 1
    std::vector<double> step_us; // for each: forward pass, vocabulary, acceptance, commit
    std::vector<double> heads_us; // of the first 1, 2, ... heads together

    /// A short context ends the sizes that can be timed; such a curve is not kept.
    bool isWhole() const { return mostNodes() == kMostTimedNodes; }
    bool empty() const { return nodes.empty(); }
    int mostNodes() const { return nodes.empty() ? 0 : nodes.back(); }
    /// Straight lines between the sizes that were timed. n_nodes: 1 to mostNodes().
    double stepUs(int n_nodes) const;
    /// 0 for no heads; those that were not timed cost as the last one did.
    double headsUs(int n_heads) const;
    /// A whole step: with `n_heads` run for a tree of so many nodes.
    double wholeUs(int n_nodes, int n_heads) const { return stepUs(n_nodes) + headsUs(n_heads); }

    /// A step or heads that took less than was known: so they can be so fast. Costs measured while
    /// other programs ran come right in time.
    void sawStep(int n_nodes, double us);
    void sawHeads(int n_heads, double us);

    bool operator==(const CostCurve&) const = default;
};

/// A whole step with the first 0, 1, ... choices of a tree, as far as sizes were timed. curve: not
/// empty.
std::vector<double> costsOf(const CostCurve& curve, const SearchedTree& tree);

/// Whether sizes ascend from 1 to at most kMaxNodes and every time lies between a nanosecond and a
/// quarter of an hour.
bool isUsable(const CostCurve& curve);

/// Steps of growing trees in alternation, the least time of each: other programs take the processor
/// from a long step more often than from a short one. Some 64 steps of each size where they are
/// short, two at least; a size never costs more than a larger one. Empty where it was stopped. The
/// session is overwritten.
CostCurve measureCostCurve(Engine& engine, Session& session,
    const std::function<void(int done, int total)>& progress = {}, std::stop_token stop = {});

} // namespace gorgon
