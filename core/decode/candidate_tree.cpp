// SPDX-License-Identifier: Apache-2.0
#include "core/decode/candidate_tree.h"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

namespace gorgon {

namespace {

std::string toText(const Choice& choice)
{
    std::string text = "[";
    for (size_t i = 0; i < choice.size() && i < 8; i++)
        text += (i ? ", " : "") + std::to_string(choice[i]);
    return text + (choice.size() > 8 ? ", ...]" : "]");
}

[[noreturn]] void fail(const std::string& found)
{
    throw std::invalid_argument("tree: " + found);
}

void check(const Choice& choice)
{
    if (choice.empty())
        fail("a path has no ranks; the root is always there, leave it out");
    if (choice.size() > size_t(kMaxDepth))
        fail("path " + toText(choice) + " is " + std::to_string(choice.size())
            + " levels deep, at most " + std::to_string(kMaxDepth) + " are possible");
    for (const int rank : choice)
        if (rank < 0 || rank >= kMaxTopK)
            fail("path " + toText(choice) + " uses rank " + std::to_string(rank)
                + ", ranks go from 0 to " + std::to_string(kMaxTopK - 1));
}

bool before(const Choice& a, const Choice& b)
{
    return a.size() != b.size() ? a.size() < b.size() : a < b;
}

Choice parentOf(const Choice& choice)
{
    return {choice.begin(), choice.end() - 1};
}

} // namespace

int CandidateTree::maxRank() const
{
    int rank = -1;
    for (const Choice& choice : choices)
        rank = std::max(rank, choice.back());
    return rank;
}

CandidateTree makeCandidateTree(const Choices& choices)
{
    if (choices.size() >= size_t(kMaxNodes))
        fail(std::to_string(choices.size()) + " choices, at most " + std::to_string(kMaxNodes - 1)
            + " and the root are possible");
    CandidateTree tree;
    tree.choices = choices;
    std::for_each(choices.begin(), choices.end(), check);
    std::sort(tree.choices.begin(), tree.choices.end(), before);
    const auto twin = std::adjacent_find(tree.choices.begin(), tree.choices.end());
    if (twin != tree.choices.end())
        fail("path " + toText(*twin) + " stands there twice");

    TreeTables& tables = tree.tables;
    tables.n_nodes = int(choices.size()) + 1;
    std::map<Choice, int> numbers{{{}, 0}};
    for (int node = 1; node < tables.n_nodes; node++) {
        const Choice& choice = tree.choices[node - 1];
        const auto parent = numbers.find(parentOf(choice));
        if (parent == numbers.end())
            fail("path " + toText(choice) + " has no parent " + toText(parentOf(choice)));
        const int depth = int(choice.size());
        tables.parent[node] = parent->second;
        tables.depth[node] = depth;
        tables.rank[node] = choice.back();
        std::copy_n(tables.path[parent->second], depth, tables.path[node]);
        tables.path[node][depth] = uint8_t(node);
        numbers.emplace(choice, node);
    }
    return tree;
}

Choices fitChoices(const Choices& choices, int n_heads, int top_k, int max_nodes)
{
    const auto fits = [&](const Choice& choice) {
        return !choice.empty() && int(choice.size()) <= n_heads
            && std::all_of(
                choice.begin(), choice.end(), [&](int rank) { return rank >= 0 && rank < top_k; });
    };
    const std::set<Choice> wanted(choices.begin(), choices.end());
    std::set<Choice> taken{{}};
    Choices kept;
    for (const Choice& choice : choices) {
        if (!fits(choice) || taken.contains(choice))
            continue;
        // A list may name a child before its parent: the missing ancestors come with it, or it
        // stays out.
        Choices missing;
        for (Choice up = choice; !taken.contains(up); up.pop_back())
            missing.push_back(up);
        const bool closed = std::all_of(
            missing.begin(), missing.end(), [&](const Choice& up) { return wanted.contains(up); });
        if (!closed || kept.size() + missing.size() + 1 > size_t(std::max(0, max_nodes)))
            continue;
        for (auto up = missing.rbegin(); up != missing.rend(); ++up) {
            taken.insert(*up);
            kept.push_back(*up);
        }
    }
    return kept;
}

std::string unfillable(const Choices& choices, int n_heads, int top_k)
{
    for (const Choice& choice : choices) {
        if (int(choice.size()) > n_heads)
            return "path " + toText(choice) + " needs " + std::to_string(choice.size())
                + " heads, there are " + std::to_string(n_heads);
        for (const int rank : choice)
            if (rank >= top_k)
                return "path " + toText(choice) + " uses rank " + std::to_string(rank)
                    + ", each head gives ranks 0 to " + std::to_string(top_k - 1);
    }
    return {};
}

CandidateTree cutToDepth(const CandidateTree& tree, int depth)
{
    Choices kept;
    for (const Choice& choice : tree.choices)
        if (int(choice.size()) <= depth)
            kept.push_back(choice);
    return makeCandidateTree(kept);
}

ReferenceTreeBuffers referenceTreeBuffers(const CandidateTree& tree)
{
    constexpr int kStride = 10; // the reference's top-k
    const TreeTables& tables = tree.tables;
    const int n = tables.n_nodes;
    ReferenceTreeBuffers buffers;
    std::vector<bool> is_leaf(n, true);
    for (int node = 0; node < n; node++) {
        const int depth = tables.depth[node];
        std::string row(n, '0');
        for (int d = 0; d <= depth; d++)
            row[tables.path[node][d]] = '1';
        buffers.attn_mask.push_back(row);
        buffers.tree_indices.push_back(
            node == 0 ? 0 : tables.rank[node] + kStride * (depth - 1) + 1);
        buffers.position_ids.push_back(depth);
        if (node > 0)
            is_leaf[tables.parent[node]] = false;
    }
    for (int node = n - 1; node >= 0; node--) {
        if (!is_leaf[node])
            continue;
        std::vector<int> row(tree.depth() + 1, -1);
        for (int d = 0; d <= tables.depth[node]; d++)
            row[d] = tables.path[node][d];
        buffers.retrieve_indices.push_back(row);
    }
    return buffers;
}

Choices chainChoices(int n_heads)
{
    Choices choices;
    for (int depth = 1; depth <= std::min(n_heads, kMaxDepth); depth++)
        choices.emplace_back(depth, 0);
    return choices;
}

} // namespace gorgon
