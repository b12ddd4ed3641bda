// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/select.h"

#include "kernels/cuda/block_reduce.h"

namespace gorgon::cuda {

namespace {

/// Sums of a row's summaries against the largest logit of all.
struct RowSums
{
    Ranked top;
    float z;
    float s;
};

GORGON_DEVICE RowSums mergeSummaries(
    const TileSummary* tiles, int64_t n_tiles, float inv_t, Ranked* shared_ranked, float* shared)
{
    Ranked top{kLowest, 0x7FFFFFFF};
    for (int64_t i = threadIndex(); i < n_tiles; i += kReduceThreads) {
        const Ranked other{tiles[i].max, tiles[i].argmax};
        if (isBefore(other, top))
            top = other;
    }
    top = firstInBlock(top, shared_ranked);
    float z = 0, s = 0;
    for (int64_t i = threadIndex(); i < n_tiles; i += kReduceThreads) {
        const float x = mulRn(subRn(tiles[i].max, top.value), inv_t);
        const float shift = x > -200.0F ? x : -200.0F;
        const float f = expAccurate(shift);
        z = fmaRn(f, tiles[i].z, z);
        s = fmaRn(f, fmaRn(shift, tiles[i].z, tiles[i].s), s);
    }
    z = sumInBlock(z, shared);
    s = sumInBlock(s, shared + kReduceWarps);
    return {top, z, s};
}

/// A block per row.
GORGON_KERNEL GORGON_LAUNCH_BOUNDS(kReduceThreads, 1) void mergeRowsKernel(
    const TileSummary* summaries, int64_t n_tiles, StepState* state)
{
    GORGON_SHARED(Ranked, tops, kReduceWarps);
    GORGON_SHARED(Ranked, bests, kReduceWarps);
    GORGON_SHARED(float, sums, 2 * kReduceWarps);
    const int row = blockIndex();
    const float temperature = state->settings.temperature;
    const float inv_t = inverseTemperature(temperature);
    const TileSummary* const tiles = summaries + row * n_tiles;
    const RowSums sum = mergeSummaries(tiles, n_tiles, inv_t, tops, sums);
    const bool finite = isFinite(sum.top.value);
    const bool by_noise = finite && !isArgmaxTemperature(temperature);
    Ranked best{kLowest, 0x7FFFFFFF};
    for (int64_t i = threadIndex(); by_noise && i < n_tiles; i += kReduceThreads) {
        const Ranked other{tiles[i].best, tiles[i].best_token};
        if (isBefore(other, best))
            best = other;
    }
    best = firstInBlock(best, bests);
    if (threadIndex() != 0)
        return;
    const float log_z = finite ? logAccurate(sum.z) : 0.0F;
    const float entropy = finite ? subRn(log_z, divRn(sum.s, sum.z)) : 0.0F;
    state->max_logit[row] = sum.top.value;
    state->argmax[row] = sum.top.token;
    state->log_z[row] = log_z;
    state->entropy[row] = entropy > 0.0F ? entropy : 0.0F;
    state->draw[row] = by_noise ? best.token : sum.top.token;
    state->draw_logit[row] = by_noise ? tiles[best.token / kTileTokens].best_logit : sum.top.value;
    if (!finite)
        state->record.bad_logits = 1;
}

/// A block per head. Dynamic shared memory: for each tile, how many of its candidates were taken.
GORGON_KERNEL GORGON_LAUNCH_BOUNDS(kReduceThreads, 1) void mergeTopKKernel(
    const TileSummary* summaries, const uint64_t* candidates, int64_t n_tiles, int first_head,
    int k, StepState* state)
{
    GORGON_SHARED(Ranked, tops, kReduceWarps);
    GORGON_SHARED(float, sums, 2 * kReduceWarps);
    GORGON_SHARED(uint64_t, bests, 2 * kReduceWarps); // one half a round, in turns
    uint8_t* const taken = dynamicShared<uint8_t>();
    const int row = blockIndex(), head = first_head + row;
    const RowSums sum = mergeSummaries(summaries + row * n_tiles, n_tiles, 1.0F, tops, sums);
    const bool finite = isFinite(sum.top.value);
    const uint64_t* const keys = candidates + row * n_tiles * k;

    uint64_t mine = 0; // the best candidate of this thread's tiles that was not taken
    int64_t mine_in = 0;
    const auto lookAgain = [&] {
        mine = 0;
        for (int64_t i = threadIndex(); i < n_tiles; i += kReduceThreads) {
            const uint64_t key = taken[i] < k ? keys[i * k + taken[i]] : 0;
            if (key > mine) {
                mine = key;
                mine_in = i;
            }
        }
    };
    for (int64_t i = threadIndex(); i < n_tiles; i += kReduceThreads)
        taken[i] = 0;
    if (finite)
        lookAgain();
    for (int place = 0; place < kMaxTopK; place++) {
        uint64_t best = 0;
        if (place < k) // the same for all threads
            best = largestInBlock(mine, bests + (place & 1) * kReduceWarps);
        if (threadIndex() == 0) {
            state->head_token[head][place] = best ? tokenOfKey(best) : -1;
            state->head_prob[head][place]
                = best ? divRn(expAccurate(subRn(logitOfKey(best), sum.top.value)), sum.z) : 0.0F;
        }
        if (best && best == mine) {
            taken[mine_in]++;
            lookAgain();
        }
    }
    if (threadIndex() == 0) {
        state->head_bad[head] = finite ? 0 : 1;
        if (row == 0)
            state->n_heads_run = first_head + blockCount();
    }
}

} // namespace

void enqueueMergeRows(
    Stream& stream, const SelectScratch& scratch, int m, int64_t n_out, StepState* state)
{
    launch(
        stream, mergeRowsKernel, m, kReduceThreads, 0, scratch.summaries, tileCount(n_out), state);
}

void enqueueMergeTopK(Stream& stream, const SelectScratch& scratch, int m, int64_t n_out,
    int first_head, int k, StepState* state)
{
    const int64_t n_tiles = tileCount(n_out);
    launch(stream, mergeTopKKernel, m, kReduceThreads, size_t(n_tiles), scratch.summaries,
        scratch.candidates, n_tiles, first_head, k, state);
}

} // namespace gorgon::cuda
