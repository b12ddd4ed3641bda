// SPDX-License-Identifier: Apache-2.0
// The tree that is fastest on this machine, refined while text is made: how often these heads are
// right against what each size of step costs here, both as they turn out.
#pragma once

#include <optional>

#include "core/eval/cost_curve.h"
#include "core/eval/head_hits.h"

namespace gorgon {

/// The tree in use and what it is expected to do.
struct TunedTree
{
    TreeSpec tree{kAutoTree, {}}; // no choices: plain decoding is the fastest
    double plain_us = 0; // a plain step
    double tree_us = 0; // a step with the tree, heads included
    double tokens_per_step = 1; // expected

    double speedUp() const { return tree_us > 0 ? tokens_per_step * plain_us / tree_us : 1; }
};

/// By nodes, from 1 on: what a step with the best tree of so many costs, heads included, and the
/// tokens that it is expected to make. Drafting pays where tokens grow faster than time.
struct TreeWorths
{
    std::vector<double> step_us;
    std::vector<double> tokens;
};

/// Makes no tree where the curve is empty or there are no heads. Not thread-safe.
class TreeTuner
{
public:
    TreeTuner() = default;
    TreeTuner(CostCurve curve, int n_heads, std::vector<HeadHits> known = {});

    const TunedTree& best() const { return m_best; }
    const CostCurve& curve() const { return m_curve; }
    TreeWorths worths() const;
    const std::vector<HeadHits>& hits() const { return m_counter.heads(); }

    /// Puts the tree into the settings of the coming step, and what it must report. Heads that the
    /// tree does not need run so seldom that they cost a hundredth of the time at most. Where a
    /// tree is expected to gain little, a step now and then is plain: the two are compared as they
    /// are.
    void apply(GenerateSettings& settings);
    /// Counts; true where another tree is now the best, or has become so by other settings.
    bool add(const DecodeStep& step);
    void endAnswer() { m_counter.endAnswer(); }

private:
    /// What a tree may use.
    struct Limits
    {
        int n_heads = kMaxHeads;
        int top_k = kReportedRanks;
        int max_nodes = kMaxNodes;

        bool operator==(const Limits&) const = default;
    };
    /// What changes how often heads are right.
    struct Kind
    {
        float temperature = 0;
        float top_p = 1;
        AcceptanceMode acceptance = AcceptanceMode::greedy;

        bool operator==(const Kind&) const = default;
    };

    void read(const GenerateSettings& settings);
    SearchedTree searched() const;
    TunedTree search() const;
    void use(TunedTree tree);
    void setProbes();
    void refine();

    CostCurve m_curve;
    HitCounter m_counter{0};
    TunedTree m_best;
    bool m_is_other = false; // m_best, and add() has not said so
    Limits m_limits;
    std::optional<Kind> m_kind;
    int m_probe_every = 1; // steps between two that run every head
    int m_since_probe = 0;
    int m_since_plain = 0;
    int m_since_search = 0;
    int m_search_every = 1; // steps
};

} // namespace gorgon
