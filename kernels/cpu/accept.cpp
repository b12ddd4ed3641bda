// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/accept.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "kernels/cpu/kv_store.h"
#include "kernels/cpu/select.h"

namespace gorgon {

namespace {

/// Softmax of the row at one logit; 0 where the row has no finite maximum or the logit is -inf.
float probability(const StepState& state, int row, float logit, float inv_t)
{
    if (!std::isfinite(state.max_logit[row]) || !std::isfinite(logit))
        return 0;
    return std::exp((logit - state.max_logit[row]) * inv_t - state.log_z[row]);
}

/// ln of it, kept apart from the product's rounding to 0.
double logProbability(const StepState& state, int row, float logit, float inv_t)
{
    if (!std::isfinite(state.max_logit[row]) || !std::isfinite(logit))
        return -std::numeric_limits<double>::infinity();
    return (double(logit) - double(state.max_logit[row])) * double(inv_t)
        - double(state.log_z[row]);
}

/// Follows the draws from the root down and returns the last node reached; children that are not
/// the draw of an accepted parent are rejected.
int followDraws(const TreeTables& tree, const StepState& state, Verdict* verdict)
{
    int last = 0;
    for (int node = 1; node < tree.n_nodes; node++) {
        const int parent = tree.parent[node];
        if (verdict[parent] != Verdict::accepted)
            continue;
        const bool is_draw = state.tokens[node] >= 0 && state.tokens[node] == state.draw[parent];
        // note: siblings are distinct tokens; should a tree repeat one, its first node stands for
        // it.
        if (is_draw && last == parent) {
            verdict[node] = Verdict::accepted;
            last = node;
        } else {
            verdict[node] = Verdict::rejected;
        }
    }
    return last;
}

/// Marks every admitted node as passed and returns the end of the longest admitted path; among
/// equals the one of largest sum of ln p, then the one whose continuation in the tree is deepest,
/// then last, which is the first row of retrieve_indices.
int admitTypical(const TreeTables& tree, const StepState& state, float inv_t,
    const float* probabilities, const float* thresholds, Verdict* verdict)
{
    int deepest_below[kMaxNodes]; // leaf below the node: the deepest, of these the last
    for (int node = 0; node < tree.n_nodes; node++)
        deepest_below[node] = node;
    for (int node = tree.n_nodes - 1; node > 0; node--) {
        int& best = deepest_below[tree.parent[node]];
        best = std::max(best, deepest_below[node]); // nodes are sorted by depth
    }
    double sum[kMaxNodes];
    sum[0] = 0;
    int last = 0;
    for (int node = 1; node < tree.n_nodes; node++) {
        const int parent = tree.parent[node];
        if (verdict[parent] != Verdict::accepted && verdict[parent] != Verdict::passed)
            continue;
        if (state.tokens[node] < 0 || !(probabilities[node] > thresholds[node])) {
            verdict[node] = Verdict::rejected;
            continue;
        }
        verdict[node] = Verdict::passed;
        sum[node] = sum[parent] + logProbability(state, parent, state.child_logit[node], inv_t);
        const bool deeper = tree.depth[node] > tree.depth[last];
        const bool likelier = tree.depth[node] == tree.depth[last]
            && (sum[node] > sum[last]
                || (sum[node] == sum[last] && deepest_below[node] > deepest_below[last]));
        if (deeper || likelier)
            last = node;
    }
    for (int node = last; node >= 0; node = tree.parent[node])
        verdict[node] = Verdict::accepted;
    return last;
}

} // namespace

void cpuPropose(const TreeTables* tree, int n_heads_run, StepState* state)
{
    StepRecord& record = state->record;
    const int n_nodes = tree ? tree->n_nodes : 1;
    const int n_heads = std::clamp(n_heads_run, 0, kMaxHeads);
    record.n_nodes = n_nodes;
    record.n_bad_heads = 0;
    for (int head = 0; head < n_heads; head++) {
        record.n_bad_heads += state->head_bad[head] ? 1 : 0;
        for (int rank = 0; rank < kReportedRanks; rank++)
            record.head_token[head][rank]
                = state->head_bad[head] ? -1 : state->head_token[head][rank];
    }
    state->tokens[0] = state->root;
    record.draft_prob[0] = 1;
    for (int node = 1; node < n_nodes; node++) {
        const int head = tree->depth[node] - 1, rank = tree->rank[node];
        const bool known = head < n_heads && !state->head_bad[head] && rank < kMaxTopK;
        state->tokens[node] = known ? state->head_token[head][rank] : -1;
        record.draft_prob[node]
            = known && state->tokens[node] >= 0 ? state->head_prob[head][rank] : 0;
    }
    for (int node = 0; node < n_nodes; node++)
        record.token[node] = state->tokens[node];
}

void cpuAccept(const TreeTables* tree, StepState* state)
{
    static constexpr TreeTables kOnlyRoot{};
    const TreeTables& shape = tree ? *tree : kOnlyRoot;
    const StepSettings& settings = state->settings;
    StepRecord& record = state->record;
    const bool argmax_only = isArgmaxTemperature(settings.temperature);
    const bool typical = settings.acceptance == AcceptanceMode::typical && !argmax_only;
    const bool choose_argmax = argmax_only || (typical && settings.typical_root_argmax);
    const float inv_t = inverseTemperature(settings.temperature);

    record.n_nodes = shape.n_nodes;
    for (int node = 0; node < shape.n_nodes; node++) {
        const int parent = shape.parent[node];
        record.token[node] = state->tokens[node];
        record.entropy[node] = state->entropy[node];
        record.choice[node] = choose_argmax ? state->argmax[node] : state->draw[node];
        record.choice_prob[node] = probability(
            *state, node, choose_argmax ? state->max_logit[node] : state->draw_logit[node], inv_t);
        record.verdict[node] = Verdict::not_reached;
        record.posterior_prob[node] = 1;
        record.threshold[node] = 0;
        if (parent < 0)
            continue;
        record.posterior_prob[node] = state->tokens[node] < 0
            ? 0
            : probability(*state, parent, state->child_logit[node], inv_t);
        record.threshold[node] = std::min(settings.posterior_threshold,
            settings.posterior_alpha * std::exp(-state->entropy[parent]));
    }
    record.verdict[0] = Verdict::accepted;
    const int last = typical ? admitTypical(shape, *state, inv_t, record.posterior_prob,
                         record.threshold, record.verdict)
                             : followDraws(shape, *state, record.verdict);

    record.accept_length = shape.depth[last];
    std::fill(record.path, record.path + kMaxDepth + 1, 0);
    for (int node = last; node > 0; node = shape.parent[node])
        record.path[shape.depth[node]] = node;
    record.next_root = record.choice[last];
    record.kv_len = state->kv_len + record.accept_length + 1;
    state->root = record.next_root;
}

void cpuCommit(ThreadPool& pool, KvCache& cache, StepState* state)
{
    const StepRecord& record = state->record;
    const int kv_len = state->kv_len;
    bool moves = false;
    for (int i = 1; i <= record.accept_length; i++)
        moves = moves || record.path[i] != i;
    const auto move = [&](int64_t layer, int) {
        const KvLayout layout(cache, int(layer));
        for (int head = 0; head < cache.n_kv_heads; head++) {
            for (int i = 1; i <= record.accept_length; i++) {
                assert(record.path[i] >= i);
                const int64_t from = kv_len + record.path[i], to = kv_len + i;
                if (from != to)
                    moveKv(layout, head, from, to);
            }
        }
    };
    if (moves)
        pool.forEach(cache.n_layers, move);
    state->kv_len = kv_len + record.accept_length + 1;
}

} // namespace gorgon
