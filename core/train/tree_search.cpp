// SPDX-License-Identifier: Apache-2.0
#include "core/train/tree_search.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace gorgon {

namespace {

struct Candidate
{
    Choice choice;
    float parent_worth = 1; // product along the ranks above
    float worth = 0;
    size_t seen = 0; // order in which it became reachable
};

/// The best first: larger worth, then seen earlier.
bool worse(const Candidate& a, const Candidate& b)
{
    return a.worth != b.worth ? a.worth < b.worth : a.seen > b.seen;
}

} // namespace

SearchedTree searchTree(const AccuracyRows& accuracies, int n_choices, int max_depth, int max_rank)
{
    if (n_choices < 0 || n_choices >= kMaxNodes || max_depth < 1 || max_rank < 1)
        throw std::invalid_argument("tree search: expected 0 to " + std::to_string(kMaxNodes - 1)
            + " choices, a depth and a rank of at least 1");
    for (const auto& row : accuracies)
        for (const float share : row)
            if (!(share >= 0 && share <= 1))
                throw std::invalid_argument(
                    "tree search: expected accuracies between 0 and 1, found "
                    + std::to_string(share));
    const size_t n_levels = std::min({accuracies.size(), size_t(max_depth), size_t(kMaxDepth)});
    const auto ranks = [&](size_t level) {
        return std::min({accuracies[level].size(), size_t(max_rank), size_t(kMaxTopK)});
    };

    SearchedTree tree;
    tree.tokens_per_step = {1};
    std::vector<Candidate> reachable; // a heap
    size_t n_seen = 0;
    const auto reach = [&](Choice choice, float parent_worth) {
        const size_t level = choice.size() - 1;
        if (level >= n_levels || size_t(choice.back()) >= ranks(level))
            return;
        const float worth = parent_worth * accuracies[level][choice.back()];
        reachable.push_back({std::move(choice), parent_worth, worth, n_seen++});
        std::push_heap(reachable.begin(), reachable.end(), worse);
    };
    reach({0}, 1);
    while (int(tree.choices.size()) < n_choices && !reachable.empty()) {
        std::pop_heap(reachable.begin(), reachable.end(), worse);
        const Candidate best = std::move(reachable.back());
        reachable.pop_back();
        tree.choices.push_back(best.choice);
        tree.tokens_per_step.push_back(tree.tokens_per_step.back() + best.worth);
        Choice sibling = best.choice;
        sibling.back()++;
        reach(std::move(sibling), best.parent_worth);
        Choice child = best.choice;
        child.push_back(0);
        reach(std::move(child), best.worth);
    }
    return tree;
}

int bestChoiceCount(const SearchedTree& tree, std::span<const double> costs)
{
    const size_t n = std::min(tree.tokens_per_step.size(), costs.size());
    int best = 0;
    for (size_t i = 1; i < n; i++)
        if (tree.tokens_per_step[i] * costs[best] > tree.tokens_per_step[best] * costs[i])
            best = int(i);
    return best;
}

} // namespace gorgon
