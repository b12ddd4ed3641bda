// SPDX-License-Identifier: Apache-2.0
// The shape of a draft: which rank of which head stands at which node. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/step_state.h"

namespace gorgon {

/// A node written as its ranks from the root: {0, 2} is rank 2 of head 1 below rank 0 of head 0.
using Choice = std::vector<int>;
using Choices = std::vector<Choice>;

/// The name of a tree that is fitted to the machine and the heads while text is made.
constexpr const char* kAutoTree = "auto";

/// A tree to ask for. Choices stand in the order of their worth where that is known, so that a node
/// budget keeps the first ones. No choices: plain decoding.
struct TreeSpec
{
    std::string name = "none";
    Choices choices;

    bool operator==(const TreeSpec&) const = default;
};

/// A validated tree. Nodes are sorted by (depth, path); node 0 is the root.
struct CandidateTree
{
    Choices choices; // sorted, without the root
    TreeTables tables;

    int nodeCount() const { return tables.n_nodes; }
    int depth() const { return choices.empty() ? 0 : int(choices.back().size()); }
    int maxRank() const; // -1 without choices
};

/// The buffers that Medusa's authors build from choices (their names, indices and order).
struct ReferenceTreeBuffers
{
    std::vector<std::string> attn_mask; // n strings of 0 and 1: row attends to column
    std::vector<int> tree_indices; // (n) into [root, head 0 top-k, head 1 top-k, ...], stride 10
    std::vector<int> position_ids; // (n) depth
    std::vector<std::vector<int>> retrieve_indices; // (n_paths, depth + 1), padded with -1
};

/// Throws std::invalid_argument with one sentence: empty or repeated path, missing parent, rank
/// outside 0 ... kMaxTopK - 1, more than kMaxDepth levels or kMaxNodes nodes (root included).
CandidateTree makeCandidateTree(const Choices& choices);

/// The part of a tree that n_heads heads with top_k ranks each can fill, of at most `max_nodes`
/// nodes (root included), keeping the given order of worth.
Choices fitChoices(const Choices& choices, int n_heads, int top_k, int max_nodes);

/// One sentence where these heads and ranks cannot fill every node of the tree; empty where they
/// can.
std::string unfillable(const Choices& choices, int n_heads, int top_k);

/// The levels of a tree down to `depth`.
CandidateTree cutToDepth(const CandidateTree& tree, int depth);

ReferenceTreeBuffers referenceTreeBuffers(const CandidateTree& tree);

/// Rank 0 of each head, one below the other.
Choices chainChoices(int n_heads);

} // namespace gorgon
