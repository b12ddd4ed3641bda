// SPDX-License-Identifier: Apache-2.0
#include "core/eval/cost_curve.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/eval/benchmark.h"

namespace gorgon {

namespace {

constexpr int kSizes[] = {1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, kMostTimedNodes};
constexpr int kMostRounds = 64;
constexpr int kFewestRounds = 2;
constexpr auto kEnough = std::chrono::milliseconds(1500);
constexpr int64_t kPosition = 64; // rows in the cache before the steps

/// What is smaller costs no more than what is larger: other programs only ever add to a time.
void lowerBefore(std::vector<double>& times, size_t end)
{
    for (size_t i = end; i-- > 1;)
        times[i - 1] = std::min(times[i - 1], times[i]);
}

} // namespace

double CostCurve::stepUs(int n_nodes) const
{
    const auto after = std::lower_bound(nodes.begin(), nodes.end(), n_nodes);
    if (after == nodes.end())
        return step_us.back();
    const size_t i = size_t(after - nodes.begin());
    if (*after == n_nodes || i == 0)
        return step_us[i];
    const double share = double(n_nodes - nodes[i - 1]) / (nodes[i] - nodes[i - 1]);
    return step_us[i - 1] + share * (step_us[i] - step_us[i - 1]);
}

double CostCurve::headsUs(int n_heads) const
{
    if (n_heads <= 0 || heads_us.empty())
        return 0;
    const int known = std::min(n_heads, int(heads_us.size()));
    const double last = heads_us.size() > 1 ? heads_us.back() - heads_us[heads_us.size() - 2] : 0;
    return heads_us[size_t(known) - 1] + (n_heads - known) * last;
}

void CostCurve::sawStep(int n_nodes, double us)
{
    if (!(us > 0) || n_nodes < 1 || n_nodes > mostNodes() || us >= stepUs(n_nodes))
        return;
    const auto at = std::lower_bound(nodes.begin(), nodes.end(), n_nodes);
    const auto i = at - nodes.begin();
    if (*at == n_nodes) {
        step_us[size_t(i)] = us;
    } else {
        nodes.insert(at, n_nodes);
        step_us.insert(step_us.begin() + i, us);
    }
    lowerBefore(step_us, size_t(i) + 1);
}

void CostCurve::sawHeads(int n_heads, double us)
{
    if (!(us > 0) || n_heads < 1 || size_t(n_heads) > heads_us.size() || us >= headsUs(n_heads))
        return;
    heads_us[size_t(n_heads) - 1] = us;
    lowerBefore(heads_us, size_t(n_heads));
}

std::vector<double> costsOf(const CostCurve& curve, const SearchedTree& tree)
{
    std::vector<double> costs{curve.stepUs(1)};
    int depth = 0;
    for (const Choice& choice : tree.choices) {
        const int n_nodes = int(costs.size()) + 1;
        if (n_nodes > curve.mostNodes())
            break;
        depth = std::max(depth, int(choice.size()));
        costs.push_back(curve.wholeUs(n_nodes, depth));
    }
    return costs;
}

bool isUsable(const CostCurve& curve)
{
    const auto isTime = [](double us) { return us > 1e-3 && us < 1e9; };
    return !curve.nodes.empty() && curve.nodes.size() == curve.step_us.size()
        && curve.nodes.front() == 1 && curve.nodes.back() <= kMaxNodes
        && std::adjacent_find(curve.nodes.begin(), curve.nodes.end(), std::greater_equal<>())
        == curve.nodes.end()
        && curve.heads_us.size() <= size_t(kMaxHeads)
        && std::all_of(curve.step_us.begin(), curve.step_us.end(), isTime)
        && std::all_of(curve.heads_us.begin(), curve.heads_us.end(), isTime);
}

CostCurve measureCostCurve(Engine& engine, Session& session,
    const std::function<void(int done, int total)>& progress, std::stop_token stop)
{
    const Model& model = engine.model();
    std::vector<CandidateTree> trees;
    CostCurve curve;
    for (const int n_nodes : kSizes) {
        CandidateTree tree = timedTree(n_nodes);
        if (tree.depth() + 1 >= model.context)
            break;
        trees.push_back(std::move(tree));
        curve.nodes.push_back(n_nodes);
    }
    const int64_t position = std::max<int64_t>(
        0, std::min(kPosition, model.context - 1 - (trees.empty() ? 0 : trees.back().depth())));
    curve.step_us.assign(trees.size(), HUGE_VAL);
    curve.heads_us.assign(model.heads.size(), HUGE_VAL);
    const auto keepLeast = [](double& least, double now) { least = std::min(least, now); };

    const auto start = std::chrono::steady_clock::now();
    for (int round = 0; round <= kMostRounds; round++) { // the first one warms up
        const auto spent = std::chrono::steady_clock::now() - start;
        if (round > kFewestRounds && spent > kEnough)
            break;
        for (size_t i = 0; i < trees.size(); i++) {
            if (stop.stop_requested())
                return {};
            const double us = engine.timeVerify(session, trees[i], position);
            if (round > 0)
                keepLeast(curve.step_us[i], us);
        }
        for (size_t i = 0; i < curve.heads_us.size() && !stop.stop_requested(); i++) {
            const double us = engine.timeHeads(int(i) + 1, kReportedRanks);
            if (round > 0)
                keepLeast(curve.heads_us[i], us);
        }
        if (progress) {
            const int by_time = int(spent / (kEnough / kMostRounds));
            progress(std::min(kMostRounds, std::max(round, by_time)), kMostRounds);
        }
    }
    session.tokens.clear();
    for (std::vector<double>* times : {&curve.step_us, &curve.heads_us})
        lowerBefore(*times, times->size());
    return stop.stop_requested() ? CostCurve{} : curve;
}

} // namespace gorgon
