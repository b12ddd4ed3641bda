// SPDX-License-Identifier: Apache-2.0
#include "core/eval/auto_tree.h"

#include <algorithm>

#include "core/eval/accuracy.h"
#include "core/eval/benchmark.h"
#include "core/train/tree_search.h"

namespace gorgon {

namespace {

constexpr int kMostTokens = 128; // continued for the count
constexpr int kFewestTokens = 16;
constexpr double kCountUs = 2e6;
constexpr int kRanks = 10;
constexpr int kMostPrompt = 512;
constexpr int kRounds = 5;
constexpr int kSizes[] = {0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 15, 19, 23, 31, 47, 63}; // choices

/// Shares of one prompt's continuation. One is added to every count, so that what was not seen
/// among few tokens is unlikely rather than impossible.
AccuracyRows smoothedShares(const AccuracyTable& table)
{
    AccuracyRows rows;
    for (size_t head = 0; head < table.hits.size(); head++) {
        const double total = double(table.samples[head]) + double(table.hits[head].size()) + 1;
        rows.emplace_back();
        for (const int64_t hits : table.hits[head])
            rows.back().push_back(float((double(hits) + 1) / total));
    }
    return rows;
}

/// The least cost of each size in kSizes that was worth timing; sizes grow until they clearly lose.
std::vector<double> timeSizes(Engine& engine, Session& session, const SearchedTree& searched,
    const std::function<void(int, int)>& progress, const std::stop_token& stop)
{
    std::vector<double> costs;
    const auto cost = [&](int n_choices) {
        const Choices choices(
            searched.choices.begin(), searched.choices.begin() + std::ptrdiff_t(n_choices));
        const StepCosts both = measureStepCosts(engine, session, makeCandidateTree(choices), 1);
        return n_choices == 0 ? both.plain_us : both.tree_us;
    };
    double best = 0;
    for (const int size : kSizes) {
        if (size > int(searched.choices.size()) || stop.stop_requested())
            break;
        costs.push_back(cost(size));
        const double rate = searched.tokens_per_step[size] / costs.back();
        best = std::max(best, rate);
        if (rate < 0.6 * best)
            break; // larger ones only cost more
    }
    // In alternation, and the least of each: other programs take time from long steps more often.
    for (int round = 1; round < kRounds && !stop.stop_requested(); round++) {
        for (size_t i = 0; i < costs.size(); i++)
            costs[i] = std::min(costs[i], cost(kSizes[i]));
        if (progress)
            progress(round + 1, kRounds + 1);
    }
    return costs;
}

/// costs[n]: of a step with n choices, straight lines between the sizes that were timed.
std::vector<double> costOfEveryCount(const std::vector<double>& timed)
{
    std::vector<double> costs;
    for (size_t i = 0; i + 1 < timed.size(); i++)
        for (int n = kSizes[i]; n < kSizes[i + 1]; n++)
            costs.push_back(timed[i]
                + (timed[i + 1] - timed[i]) * (n - kSizes[i]) / (kSizes[i + 1] - kSizes[i]));
    costs.push_back(timed.back());
    return costs;
}

} // namespace

AutoTree findAutoTree(Engine& engine, Session& session, std::span<const int> prompt,
    const std::function<void(int done, int total)>& progress, std::stop_token stop)
{
    const Model& model = engine.model();
    const int n_heads = int(model.heads.size());
    AutoTree found{.tree = {"auto", {}}};
    const StepCosts first = measureStepCosts(engine, session, makeCandidateTree({}), 1);
    found.plain_us = found.tree_us = first.plain_us;
    if (n_heads == 0 || stop.stop_requested())
        return found;

    const auto room = int(std::min<int64_t>(model.context / 2, kMostTokens));
    const int n_tokens = std::clamp(
        int(kCountUs / std::max(first.plain_us, 1.0)), std::min(kFewestTokens, room), room);
    const auto n_prompt = std::min<size_t>(
        prompt.size(), size_t(std::min<int64_t>(kMostPrompt, model.context - n_tokens - 1)));
    const std::span<const int> end = prompt.last(n_prompt);
    const AccuracyTable table
        = measureAccuracy(engine, session, {{end.begin(), end.end()}}, n_tokens, kRanks, {}, stop);
    if (progress)
        progress(1, kRounds + 1);
    const SearchedTree searched
        = searchTree(smoothedShares(table), std::end(kSizes)[-1], n_heads, kRanks);
    const std::vector<double> timed = timeSizes(engine, session, searched, progress, stop);
    session.tokens.clear();
    if (timed.empty() || stop.stop_requested())
        return found;
    const std::vector<double> costs = costOfEveryCount(timed);
    const int best = bestChoiceCount(searched, costs);
    found.tree.choices.assign(searched.choices.begin(), searched.choices.begin() + best);
    found.plain_us = costs[0];
    found.tree_us = costs[size_t(best)];
    found.tokens_per_step = searched.tokens_per_step[size_t(best)];
    return found;
}

} // namespace gorgon
