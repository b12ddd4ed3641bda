// SPDX-License-Identifier: Apache-2.0
#include "core/eval/tree_tuner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/train/tree_search.h"

namespace gorgon {

namespace {

// Steps between two searches: more, the longer a tree that surely pays has stayed the best, and
// where heads do not run.
constexpr int kSearchEvery = 4;
constexpr int kSearchSeldom = 16;
constexpr double kProbeShare = 0.01; // of the time
constexpr int kMostProbeSteps = 128;
constexpr double kWorthChanging = 1.01; // gain below which the tree stays
// Expected gains below which one step of so many is a plain one, to see what it costs.
constexpr double kSurelyPays = 1.3;
constexpr int kPlainEvery = 16;

int depthOf(const Choices& choices)
{
    size_t depth = 0;
    for (const Choice& choice : choices)
        depth = std::max(depth, choice.size());
    return int(depth);
}

} // namespace

TreeTuner::TreeTuner(CostCurve curve, int n_heads, std::vector<HeadHits> known)
    : m_curve(std::move(curve))
    , m_counter(m_curve.empty() ? 0 : n_heads, std::move(known))
{
    use(search());
    m_is_other = false;
}

void TreeTuner::read(const GenerateSettings& settings)
{
    const Limits limits{std::clamp(settings.n_heads, 0, int(hits().size())),
        std::clamp(settings.head_top_k, 1, kReportedRanks), settings.max_nodes};
    const Kind kind{settings.temperature, settings.top_p, settings.acceptance};
    if (m_kind && kind != *m_kind)
        m_counter.forgetRecent();
    const bool is_other = limits != m_limits || (m_kind && kind != *m_kind);
    m_limits = limits;
    m_kind = kind;
    if (is_other)
        use(search());
}

void TreeTuner::apply(GenerateSettings& settings)
{
    read(settings);
    const bool compares = !m_best.tree.choices.empty() && m_since_plain + 1 >= kPlainEvery
        && m_best.speedUp() < kSurelyPays;
    settings.tree = compares ? TreeSpec{m_best.tree.name, {}} : m_best.tree;
    settings.report_ranks = hits().empty() ? 0 : kReportedRanks;
    settings.run_all_heads = !hits().empty() && m_since_probe + 1 >= m_probe_every;
}

void TreeTuner::use(TunedTree tree)
{
    m_is_other = m_is_other || tree.tree != m_best.tree;
    m_best = std::move(tree);
    m_search_every = kSearchEvery;
    setProbes();
}

void TreeTuner::setProbes()
{
    const double extra
        = m_curve.headsUs(int(hits().size())) - m_curve.headsUs(depthOf(m_best.tree.choices));
    const double steps = m_best.tree_us > 0 ? std::ceil(extra / (kProbeShare * m_best.tree_us)) : 1;
    m_probe_every = int(std::clamp(steps, 1.0, double(kMostProbeSteps)));
}

bool TreeTuner::add(const DecodeStep& step)
{
    if (hits().empty())
        return false;
    m_counter.add(step);
    m_curve.sawStep(int(step.nodes.size()), step.times.verify_us + step.times.accept_us);
    if (step.times.verify_us > 0) // the last step of an answer may run nothing
        m_since_plain = step.nodes.size() == 1 ? 0 : m_since_plain + 1;
    const size_t n_heads = step.head_tokens.size() / kReportedRanks;
    m_curve.sawHeads(int(n_heads), step.times.draft_us);
    const bool all_ran = n_heads == hits().size();
    m_since_probe = all_ran ? 0 : m_since_probe + 1;
    if (++m_since_search >= (n_heads > 0 ? m_search_every : kSearchSeldom))
        refine();
    return std::exchange(m_is_other, false);
}

void TreeTuner::refine()
{
    m_since_search = 0;
    TunedTree found = search();
    if (found.tree == m_best.tree) {
        m_best = std::move(found);
        m_search_every = m_best.speedUp() > kSurelyPays
            ? std::min(2 * m_search_every, kSearchSeldom)
            : kSearchEvery;
        setProbes();
        return;
    }
    m_search_every = kSearchEvery;
    // What the tree in use is worth by what is known now.
    const AccuracyRows shares = m_counter.shares();
    double tokens = 1;
    for (const Choice& choice : m_best.tree.choices) {
        double worth = 1;
        for (size_t head = 0; head < choice.size(); head++)
            worth *= shares[head][size_t(choice[head])];
        tokens += worth;
    }
    m_best.tokens_per_step = tokens;
    m_best.plain_us = found.plain_us;
    m_best.tree_us
        = m_curve.wholeUs(int(m_best.tree.choices.size()) + 1, depthOf(m_best.tree.choices));
    if (found.speedUp() >= kWorthChanging * m_best.speedUp())
        use(std::move(found));
}

SearchedTree TreeTuner::searched() const
{
    if (m_curve.empty() || hits().empty() || m_limits.n_heads < 1 || m_limits.max_nodes < 2)
        return {.choices = {}, .tokens_per_step = {1}};
    return searchTree(m_counter.shares(), std::min(m_curve.mostNodes(), m_limits.max_nodes) - 1,
        std::min(int(hits().size()), m_limits.n_heads), m_limits.top_k);
}

TreeWorths TreeTuner::worths() const
{
    if (m_curve.empty())
        return {};
    SearchedTree tree = searched();
    return {costsOf(m_curve, tree), std::move(tree.tokens_per_step)};
}

TunedTree TreeTuner::search() const
{
    if (m_curve.empty())
        return {};
    const SearchedTree tree = searched();
    const std::vector<double> costs = costsOf(m_curve, tree);
    const auto n = size_t(bestChoiceCount(tree, costs));
    TunedTree best;
    best.tree.choices.assign(tree.choices.begin(), tree.choices.begin() + ptrdiff_t(n));
    best.plain_us = costs.front();
    best.tree_us = costs[n];
    best.tokens_per_step = tree.tokens_per_step[n];
    return best;
}

} // namespace gorgon
