// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/accept.h"

#include "kernels/cuda/instructions.h"
#include "kernels/cuda/temperature.h"

namespace gorgon::cuda {

namespace {

constexpr int kThreads = kMaxNodes;
constexpr int kWarps = kThreads / 32;

/// Softmax of the row at one logit; 0 where the row has no finite maximum or the logit is -inf.
GORGON_DEVICE float probability(const StepState& state, int row, float logit, float inv_t)
{
    const float max = state.max_logit[row];
    if (!isFinite(max) || !isFinite(logit))
        return 0;
    return expAccurate(subRn(mulRn(subRn(logit, max), inv_t), state.log_z[row]));
}

/// ln of it, kept apart from the product's rounding to 0.
GORGON_DEVICE double logProbability(const StepState& state, int row, float logit, float inv_t)
{
    const float max = state.max_logit[row];
    if (!isFinite(max) || !isFinite(logit))
        return -__builtin_huge_val();
    return (double(logit) - double(max)) * double(inv_t) - double(state.log_z[row]);
}

/// The end of an admitted path. No two nodes of a depth are equal: what lies below them is
/// disjoint.
struct PathEnd
{
    double sum; // of ln p from the root
    int depth; // -1: none
    int deepest; // leaf below the node: the deepest, of these the last
    int node;
};

GORGON_DEVICE bool isBetter(const PathEnd& a, const PathEnd& b)
{
    if (a.depth != b.depth)
        return a.depth > b.depth;
    if (a.sum != b.sum)
        return a.sum > b.sum;
    return a.deepest > b.deepest;
}

GORGON_DEVICE PathEnd bestInWarp(PathEnd end)
{
    for (int distance = 16; distance > 0; distance /= 2) {
        PathEnd other;
        other.sum = shuffleXor(end.sum, distance);
        other.depth = shuffleXor(end.depth, distance);
        other.deepest = shuffleXor(end.deepest, distance);
        other.node = shuffleXor(end.node, distance);
        if (isBetter(other, end))
            end = other;
    }
    return end;
}

/// One block; a thread fills a node.
GORGON_KERNEL GORGON_LAUNCH_BOUNDS(kThreads, 1) void proposeKernel(
    const TreeTables* tree, int n_heads, StepState* state)
{
    StepRecord& record = state->record;
    const int n_nodes = tree ? tree->n_nodes : 1;
    const int node = threadIndex();
    for (int i = node; i < n_heads * kReportedRanks; i += kThreads) {
        const int head = i / kReportedRanks, rank = i % kReportedRanks;
        record.head_token[head][rank] = state->head_bad[head] ? -1 : state->head_token[head][rank];
    }
    if (node == 0) {
        int n_bad = 0;
        for (int head = 0; head < n_heads; head++)
            n_bad += state->head_bad[head] ? 1 : 0;
        record.n_nodes = n_nodes;
        record.n_bad_heads = n_bad;
        state->tokens[0] = state->root;
        record.token[0] = state->root;
        record.draft_prob[0] = 1;
    } else if (node < n_nodes) {
        const int head = tree->depth[node] - 1, rank = tree->rank[node];
        const bool known = head < n_heads && !state->head_bad[head] && rank < kMaxTopK;
        const int token = known ? state->head_token[head][rank] : -1;
        state->tokens[node] = token;
        record.token[node] = token;
        record.draft_prob[node] = known && token >= 0 ? state->head_prob[head][rank] : 0;
    }
}

/// One block; a thread judges a node.
GORGON_KERNEL GORGON_LAUNCH_BOUNDS(kThreads, 1) void acceptKernel(
    const TreeTables* tree, StepState* state)
{
    GORGON_SHARED(double, log_p, kMaxNodes);
    GORGON_SHARED(int, admitted, kMaxNodes);
    GORGON_SHARED(uint64_t, first_draw, kMaxNodes); // kMaxNodes - the first child that is the draw
    GORGON_SHARED(uint64_t, deepest, kMaxNodes);
    GORGON_SHARED(PathEnd, ends, kWarps);

    const StepSettings settings = state->settings;
    StepRecord& record = state->record;
    const bool argmax_only = isArgmaxTemperature(settings.temperature);
    const bool typical = settings.acceptance == AcceptanceMode::typical && !argmax_only;
    const bool choose_argmax = argmax_only || (typical && settings.typical_root_argmax);
    const float inv_t = inverseTemperature(settings.temperature);

    const int node = threadIndex();
    const int n_nodes = tree ? tree->n_nodes : 1;
    const bool is_node = node < n_nodes;
    const int parent = is_node && node > 0 ? tree->parent[node] : -1;
    const int depth = is_node && node > 0 ? tree->depth[node] : 0;
    const int kv_len = state->kv_len;
    const int token = is_node ? state->tokens[node] : -1;

    first_draw[node] = 0;
    deepest[node] = 0;
    float posterior = 1, threshold = 0;
    if (is_node) {
        record.token[node] = token;
        record.entropy[node] = state->entropy[node];
        record.choice[node] = choose_argmax ? state->argmax[node] : state->draw[node];
        record.choice_prob[node] = probability(
            *state, node, choose_argmax ? state->max_logit[node] : state->draw_logit[node], inv_t);
        if (parent >= 0) {
            posterior
                = token < 0 ? 0.0F : probability(*state, parent, state->child_logit[node], inv_t);
            const float by_entropy
                = mulRn(settings.posterior_alpha, expAccurate(-state->entropy[parent]));
            threshold = by_entropy < settings.posterior_threshold ? by_entropy
                                                                  : settings.posterior_threshold;
        }
        record.posterior_prob[node] = posterior;
        record.threshold[node] = threshold;
    }
    syncThreads();

    // Whether the node's parent admits it, whatever became of the parent.
    bool ok = node == 0;
    log_p[node] = 0;
    if (parent >= 0 && typical) {
        ok = token >= 0 && posterior > threshold;
        log_p[node] = logProbability(*state, parent, state->child_logit[node], inv_t);
        for (int i = 0; i <= depth; i++)
            atomicMax64(&deepest[tree->path[node][i]], uint64_t(node));
    } else if (parent >= 0) {
        // note: siblings are distinct tokens; should a tree repeat one, its first node stands for
        // it.
        ok = token >= 0 && token == state->draw[parent];
        if (ok)
            atomicMax64(&first_draw[parent], uint64_t(kMaxNodes - node));
    }
    syncThreads();
    if (parent >= 0 && !typical)
        ok = ok && first_draw[parent] == uint64_t(kMaxNodes - node);
    admitted[node] = ok ? 1 : 0;
    syncThreads();

    // A node is reached when all its ancestors are admitted.
    bool reached = is_node;
    double sum = 0;
    for (int i = 1; i <= depth; i++) {
        const int above = tree->path[node][i];
        if (i < depth)
            reached = reached && admitted[above] != 0;
        sum += log_p[above];
    }
    const bool passed = reached && ok;
    PathEnd end{sum, passed ? depth : -1, typical ? int(deepest[node]) : 0, node};
    end = bestInWarp(end);
    if (laneIndex() == 0)
        ends[warpIndex()] = end;
    syncThreads();
    end = ends[0];
    for (int warp = 1; warp < kWarps; warp++)
        if (isBetter(ends[warp], end))
            end = ends[warp];
    const int last = end.node, length = end.depth;

    const auto onPath = [&](int i) { return i == 0 ? 0 : int(tree->path[last][i]); };
    if (is_node) {
        const bool on_path = depth <= length && onPath(depth) == node;
        record.verdict[node] = !reached ? Verdict::not_reached
            : !ok                       ? Verdict::rejected
            : on_path                   ? Verdict::accepted
                                        : Verdict::passed;
    }
    if (node <= kMaxDepth)
        record.path[node] = node <= length ? onPath(node) : 0;
    if (node == 0) {
        const int choice = choose_argmax ? state->argmax[last] : state->draw[last];
        record.n_nodes = n_nodes;
        record.accept_length = length;
        record.next_root = choice;
        record.kv_len = kv_len + length + 1;
        state->root = choice;
    }
}

} // namespace

void enqueuePropose(Stream& stream, const TreeTables* tree, int n_heads_run, StepState* state)
{
    const int n_heads = n_heads_run < 0 ? 0 : n_heads_run > kMaxHeads ? kMaxHeads : n_heads_run;
    launch(stream, proposeKernel, 1, kThreads, 0, tree, n_heads, state);
}

void enqueueAccept(Stream& stream, const TreeTables* tree, StepState* state)
{
    launch(stream, acceptKernel, 1, kThreads, 0, tree, state);
}

} // namespace gorgon::cuda
