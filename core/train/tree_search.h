// SPDX-License-Identifier: Apache-2.0
// Which tree to draft: the nodes whose acceptance is likeliest, and how many of them pay on this
// machine.
#pragma once

#include <span>
#include <vector>

#include "core/decode/candidate_tree.h"

namespace gorgon {

/// accuracies[head][rank]: share of positions where rank r of head h was the model's own token.
using AccuracyRows = std::vector<std::vector<float>>;

struct SearchedTree
{
    Choices choices; // in the order of their worth
    std::vector<double> tokens_per_step; // expected with the first 0, 1, ... choices
};

/// Grows a tree node by node; a node is worth the product of the accuracies along its ranks (f32,
/// from head 0 up), as in the published search: the best of the next siblings and first children
/// wins, the earlier seen on a tie. Stops at n_choices or where no node is left. Throws
/// std::invalid_argument where a number is no share between 0 and 1, or a limit lies out of range.
SearchedTree searchTree(const AccuracyRows& accuracies, int n_choices, int max_depth, int max_rank);

/// costs[n - 1]: time of a step with n nodes, heads included where n > 1; any unit. The number of
/// choices that gives most tokens per time, 0 where plain decoding does; at most what both were
/// measured for.
int bestChoiceCount(const SearchedTree& tree, std::span<const double> costs);

} // namespace gorgon
