// SPDX-License-Identifier: Apache-2.0
// The vocabulary in slabs of 128 tokens: a thread computes the logits of all rows for a slab,
// reduces them to a summary per row and forgets them.
#include "kernels/cpu/select.h"

#include <cmath>
#include <cstring>

#include "kernels/cpu/kv_layout.h"
#include "kernels/cpu/product_input.h"
#include "kernels/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/select.cpp"
#include "hwy/foreach_target.h"

#include "kernels/cpu/noise.h"
#include "kernels/cpu/simd.h"

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {

constexpr float kLowest = -__builtin_inff();
constexpr int kPanelsOfSlab = kSlabColumns / int(kPanel);

/// Logits of all rows for one slab into (m, kSlabColumns); NaN and the columns beyond the
/// vocabulary: -inf.
void slabLogits(const Matrix& w, const RowTiles& tiles, int64_t slab, int64_t next, float* logits)
{
    const int64_t first_panel = slab * kPanelsOfSlab;
    const int64_t panels_left = panelCount(w.n_out) - first_panel;
    const int64_t left = w.n_out - slab * kSlabColumns;
    const int columns = int(left < kSlabColumns ? left : kSlabColumns);
    productSlab(w, first_panel, int(panels_left < kPanelsOfSlab ? panels_left : kPanelsOfSlab),
        next < 0 ? -1 : next * kPanelsOfSlab, tiles, 0,
        PanelOutput{logits, kSlabColumns, columns, nullptr, false});
    for (int row = 0; row < tiles.m; row++) {
        float* const l = logits + row * kSlabColumns;
        for (int i = columns; i < kSlabColumns; i++)
            l[i] = kLowest;
        for (int i = 0; i < kSlabColumns; i += kLanes) {
            const V v = hn::LoadU(Floats(), l + i);
            const auto is_number = hn::Eq(v, v);
            hn::StoreU(hn::IfThenElse(is_number, v, hn::Set(Floats(), kLowest)), Floats(), l + i);
        }
    }
}

/// The largest value, and in `index` its lowest place.
HWY_INLINE float largest(const float* values, int& index)
{
    V16 m = load16(values);
    for (int i = 16; i < kSlabColumns; i += 16)
        m = max16(m, load16(values + i));
    const float highest = maxOf16(m);
    const Floats d;
    for (int i = 0; i < kSlabColumns; i += kLanes) {
        const intptr_t lane
            = hn::FindFirstTrue(d, hn::Eq(hn::LoadU(d, values + i), hn::Set(d, highest)));
        if (lane >= 0) {
            index = i + int(lane);
            return highest;
        }
    }
    index = 0;
    return highest;
}

/// z and s of SlabSummary for one row, in sixteen sums each.
HWY_INLINE void sumExponentials(const float* logits, float max, float inv_t, float& z, float& s)
{
    if (max == kLowest) {
        z = s = 0.0F;
        return;
    }
    V16 z16 = set16(0.0F), s16 = set16(0.0F);
    for (int i = 0; i < kSlabColumns; i += 16) {
        // note: the bound turns -inf into a number whose exponential is 0.
        const V16 t
            = max16(mul16(add16(load16(logits + i), set16(-max)), set16(inv_t)), set16(-200.0F));
        const V16 e = exp16(t);
        z16 = add16(z16, e);
        s16 = fma16(t, e, s16);
    }
    z = sumOf16(z16);
    s = sumOf16(s16);
}

/// Sums of all slabs for rows `row` ... row + 15: the largest logit, z and s against it.
HWY_INLINE void mergeSums(
    const SlabSummary* slabs, int64_t n_slabs, int row, float inv_t, float* max, float* z, float* s)
{
    V16 m = load16(slabs[0].max + row);
    for (int64_t i = 1; i < n_slabs; i++)
        m = max16(m, load16(slabs[i].max + row));
    store16(m, max);
    const V16 minus_max = mul16(m, set16(-1.0F));
    V16 z16 = set16(0.0F), s16 = set16(0.0F);
    for (int64_t i = 0; i < n_slabs; i++) {
        const V16 shift = max16(
            mul16(add16(load16(slabs[i].max + row), minus_max), set16(inv_t)), set16(-200.0F));
        const V16 f = exp16(shift);
        const V16 slab_z = load16(slabs[i].z + row);
        z16 = fma16(f, slab_z, z16);
        s16 = fma16(f, fma16(shift, slab_z, load16(slabs[i].s + row)), s16);
    }
    store16(z16, z);
    store16(s16, s);
}

/// What cpuProject knows before the first slab.
struct ProjectPlan
{
    float inv_t;
    bool argmax_only;
    bool depth_used[kMaxDepth + 1];
    uint8_t depth[kMaxNodes];
    int32_t next_child[kMaxNodes]; // nodes whose tokens lie in the same slab; -1: the last
};

void projectSlab(const SelectScratch& scratch, const Matrix& w, const RowTiles& tiles,
    const TreeTables* tree, StepState* state, Tensor stored, const ProjectPlan& plan, int64_t slab,
    int64_t next, int thread)
{
    SelectThreadScratch& mine = scratch.threads[thread];
    slabLogits(w, tiles, slab, next, mine.logits);
    const int64_t first = slab * kSlabColumns;
    if (!plan.argmax_only) {
        for (int depth = 0; depth <= kMaxDepth; depth++)
            if (plan.depth_used[depth])
                fillNoise(state->settings.seed, uint32_t(state->kv_len + depth), uint32_t(first),
                    kSlabColumns, mine.noise + depth * kSlabColumns);
    }
    SlabSummary& summary = scratch.slabs[slab];
    HWY_ALIGN float noisy[kSlabColumns];
    for (int row = 0; row < tiles.m; row++) {
        const float* const l = mine.logits + row * kSlabColumns;
        int index = 0;
        summary.max[row] = largest(l, index);
        summary.argmax[row] = int32_t(first) + index;
        sumExponentials(l, summary.max[row], plan.inv_t, summary.z[row], summary.s[row]);
        if (!plan.argmax_only) {
            const float* const noise = mine.noise + plan.depth[row] * kSlabColumns;
            for (int i = 0; i < kSlabColumns; i += 16)
                store16(fma16(load16(l + i), set16(plan.inv_t), load16(noise + i)), noisy + i);
            summary.best[row] = largest(noisy, index);
            summary.best_token[row] = int32_t(first) + index;
            summary.best_logit[row] = l[index];
        }
    }
    for (int32_t node = scratch.child_of_slab[slab]; node >= 0; node = plan.next_child[node])
        state->child_logit[node]
            = mine.logits[tree->parent[node] * kSlabColumns + state->tokens[node] - first];
    if (stored) {
        const int64_t left = w.n_out - first;
        const int64_t columns = left < kSlabColumns ? left : kSlabColumns;
        for (int row = 0; row < tiles.m; row++)
            memcpy(stored.data + row * stored.cols + first, mine.logits + row * kSlabColumns,
                size_t(columns) * sizeof(float));
    }
}

/// Rows [row, row + 16) of the state from all summaries. Returns whether one of them is bad.
bool mergeRows(const SlabSummary* slabs, int64_t n_slabs, int row, int m, const ProjectPlan& plan,
    StepState* state)
{
    HWY_ALIGN float max[16], z[16], s[16];
    mergeSums(slabs, n_slabs, row, plan.inv_t, max, z, s);
    bool bad = false;
    for (int i = 0; i < 16 && row + i < m; i++) {
        const int r = row + i;
        int64_t best = 0, highest = 0;
        for (int64_t slab = 0; slab < n_slabs; slab++) {
            if (slabs[slab].max[r] > slabs[highest].max[r])
                highest = slab;
            if (!plan.argmax_only && slabs[slab].best[r] > slabs[best].best[r])
                best = slab;
        }
        const float top = max[i];
        const bool finite = top - top == 0.0F;
        bad = bad || !finite;
        state->max_logit[r] = top;
        state->argmax[r] = slabs[highest].argmax[r];
        state->log_z[r] = finite ? log1(z[i]) : 0.0F;
        const float entropy = finite ? state->log_z[r] - s[i] / z[i] : 0.0F;
        state->entropy[r] = entropy > 0.0F ? entropy : 0.0F;
        const bool by_noise = finite && !plan.argmax_only;
        state->draw[r] = by_noise ? slabs[best].best_token[r] : state->argmax[r];
        state->draw_logit[r] = by_noise ? slabs[best].best_logit[r] : top;
    }
    return bad;
}

void project(ThreadPool& pool, const SelectScratch& scratch, const Matrix& w, Tensor x,
    const TreeTables* tree, StepState* state, Tensor logits)
{
    const int64_t n_slabs = (w.n_out + kSlabColumns - 1) / kSlabColumns;
    InputPacking packing(w.dtype, x, scratch.packed, pool.size());
    const RowTiles& tiles = packing.tiles();
    ProjectPlan plan{};
    plan.inv_t = inverseTemperature(state->settings.temperature);
    plan.argmax_only = isArgmaxTemperature(state->settings.temperature);
    for (int row = 0; row < tiles.m; row++) {
        plan.depth[row] = uint8_t(tree ? tree->depth[row] : 0);
        plan.depth_used[plan.depth[row]] = true;
    }
    for (int64_t slab = 0; slab < n_slabs; slab++)
        scratch.child_of_slab[slab] = -1;
    state->child_logit[0] = 0.0F;
    for (int node = 1; tree && node < tiles.m; node++) {
        const int32_t token = state->tokens[node];
        state->child_logit[node] = kLowest;
        if (token < 0 || token >= w.n_out)
            continue;
        int32_t& first = scratch.child_of_slab[token / kSlabColumns];
        plan.next_child[node] = first;
        first = node;
    }

    WorkRanges& slabs = pool.split(n_slabs);
    auto takeSlabs = [&](int thread) {
        packing.finish();
        for (int64_t slab; (slab = slabs.take(thread)) >= 0;)
            projectSlab(
                scratch, w, tiles, tree, state, logits, plan, slab, slabs.next(thread), thread);
        endSlabs(tiles);
    };
    pool.run(takeSlabs);

    std::atomic<int> bad = 0;
    pool.forEach((tiles.m + 15) / 16, [&](int64_t item, int) {
        if (mergeRows(scratch.slabs, n_slabs, int(item) * 16, tiles.m, plan, state))
            bad.store(1, std::memory_order_relaxed);
    });
    state->record.bad_logits = bad.load();
}

/// Puts a candidate into its place among the k best.
void insert(TopList& list, int k, const Candidate& candidate)
{
    if (list.count == k && !isBefore(candidate, list.entries[k - 1]))
        return;
    int place = list.count < k ? list.count++ : k - 1;
    for (; place > 0 && isBefore(candidate, list.entries[place - 1]); place--)
        list.entries[place] = list.entries[place - 1];
    list.entries[place] = candidate;
}

void topKSlab(const SelectScratch& scratch, const Matrix& w, const RowTiles& tiles, int k,
    int64_t slab, int64_t next, int thread)
{
    SelectThreadScratch& mine = scratch.threads[thread];
    slabLogits(w, tiles, slab, next, mine.logits);
    SlabSummary& summary = scratch.slabs[slab];
    const Floats d;
    for (int row = 0; row < tiles.m; row++) {
        const float* const l = mine.logits + row * kSlabColumns;
        int index = 0;
        summary.max[row] = largest(l, index);
        sumExponentials(l, summary.max[row], 1.0F, summary.z[row], summary.s[row]);
        TopList& list = mine.top[row];
        for (int i = 0; i < kSlabColumns; i += kLanes) {
            const float least = list.count == k ? list.entries[k - 1].logit : -3.4028235e38F;
            if (hn::AllFalse(d, hn::Ge(hn::LoadU(d, l + i), hn::Set(d, least))))
                continue;
            for (int j = i; j < i + kLanes; j++)
                if (l[j] > kLowest)
                    insert(list, k, {l[j], int32_t(slab * kSlabColumns) + j});
        }
    }
}

void topK(ThreadPool& pool, const SelectScratch& scratch, const Matrix& w, Tensor x, int first_head,
    int k, StepState* state)
{
    const int64_t n_slabs = (w.n_out + kSlabColumns - 1) / kSlabColumns;
    InputPacking packing(w.dtype, x, scratch.packed, pool.size());
    const RowTiles& tiles = packing.tiles();
    for (int thread = 0; thread < pool.size(); thread++)
        for (int row = 0; row < tiles.m; row++)
            scratch.threads[thread].top[row].count = 0;
    WorkRanges& slabs = pool.split(n_slabs);
    auto takeSlabs = [&](int thread) {
        packing.finish();
        for (int64_t slab; (slab = slabs.take(thread)) >= 0;)
            topKSlab(scratch, w, tiles, k, slab, slabs.next(thread), thread);
        endSlabs(tiles);
    };
    pool.run(takeSlabs);

    HWY_ALIGN float max[16], z[16], s[16];
    for (int row = 0; row < tiles.m; row++) {
        if (row % 16 == 0)
            mergeSums(scratch.slabs, n_slabs, row, 1.0F, max, z, s);
        TopList& list = scratch.threads[0].top[row];
        for (int thread = 1; thread < pool.size(); thread++) {
            const TopList& other = scratch.threads[thread].top[row];
            for (int i = 0; i < other.count; i++)
                insert(list, k, other.entries[i]);
        }
        const float top = max[row % 16];
        const bool finite = top - top == 0.0F;
        const int head = first_head + row;
        state->head_bad[head] = finite ? 0 : 1;
        const int n = finite ? list.count : 0;
        for (int i = 0; i < kMaxTopK; i++) {
            state->head_token[head][i] = i < n ? list.entries[i].token : -1;
            state->head_prob[head][i]
                = i < n ? exp1(list.entries[i].logit - top) / z[row % 16] : 0.0F;
        }
    }
    state->n_heads_run = first_head + tiles.m;
}

/// Weights e^((l - max) / T) of a block.
void blockWeights(const float* logits, int64_t n, float max, float inv_t, float* weights)
{
    forLanes(n, [=](auto d, int64_t i) HWY_ATTR {
        const auto t
            = hn::Mul(hn::Sub(hn::LoadU(d, logits + i), hn::Set(d, max)), hn::Set(d, inv_t));
        hn::StoreU(hn::Exp(d, hn::Max(t, hn::Set(d, -200.0F))), d, weights + i);
    });
}

/// Keeps in `best` the best l / T + noise of those tokens of a block that lie not behind `last`.
void bestKept(uint64_t seed, uint32_t position, const float* logits, int64_t first, int n,
    float inv_t, const Candidate& last, float* noise, float& best, Candidate& draw)
{
    bool noise_known = false;
    for (int i = 0; i < n; i++) {
        const Candidate candidate{logits[i], int32_t(first) + i};
        if (isBefore(last, candidate))
            continue;
        if (!noise_known)
            fillNoise(seed, position, uint32_t(first), kSlabColumns, noise);
        noise_known = true;
        const float value = hn::GetLane(hn::MulAdd(hn::Set(OneFloat(), logits[i]),
            hn::Set(OneFloat(), inv_t), hn::Set(OneFloat(), noise[i])));
        if (value > best || draw.token < 0) {
            best = value;
            draw = candidate;
        }
    }
}

void noiseOf(uint64_t seed, uint32_t position, uint32_t first, int n, float* out)
{
    fillNoise(seed, position, first, n, out);
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>
#include <cassert>
#include <limits>

namespace gorgon {

HWY_EXPORT(project);
HWY_EXPORT(topK);
HWY_EXPORT(blockWeights);
HWY_EXPORT(bestKept);
HWY_EXPORT(noiseOf);

void cpuProject(ThreadPool& pool, const SelectScratch& scratch, const Matrix& w, Tensor x,
    const TreeTables* tree, StepState* state, Tensor logits)
{
    assert(w.n_out <= scratch.n_out && x.rows <= kMaxNodes);
    HWY_DYNAMIC_DISPATCH(project)(pool, scratch, w, x, tree, state, logits);
}

void cpuTopK(ThreadPool& pool, const SelectScratch& scratch, const Matrix& w, Tensor x,
    int first_head, int k, StepState* state)
{
    assert(w.n_out <= scratch.n_out && first_head >= 0 && first_head + x.rows <= kMaxHeads);
    HWY_DYNAMIC_DISPATCH(topK)
    (pool, scratch, w, x, first_head, std::clamp(k, 1, kMaxTopK), state);
}

void cpuNoise(uint64_t seed, uint32_t position, uint32_t first, int n, float* out)
{
    HWY_DYNAMIC_DISPATCH(noiseOf)(seed, position, first, n, out);
}

namespace {

constexpr float kBinsPerNat = 32;

int binOf(float logit, float max, float inv_t)
{
    const float distance = (max - logit) * inv_t * kBinsPerNat;
    return distance < float(kBins - 1) ? int(distance) : kBins - 1;
}

/// The last token of the row's top-p set. Weights are added up by bins of the distance from the
/// maximum; only the bin in which the mass is reached gets sorted.
Candidate lastOfTopP(const float* logits, int64_t n, float max, float inv_t, float top_p,
    SelectThreadScratch& mine, Candidate* sorted)
{
    std::fill(mine.bins, mine.bins + kBins, 0.0);
    for (int64_t first = 0; first < n; first += kSlabColumns) {
        const int64_t count = std::min<int64_t>(kSlabColumns, n - first);
        HWY_DYNAMIC_DISPATCH(blockWeights)(logits + first, count, max, inv_t, mine.weights);
        for (int64_t i = 0; i < count; i++)
            mine.bins[binOf(logits[first + i], max, inv_t)] += double(mine.weights[i]);
    }
    double total = 0;
    for (const double bin : mine.bins)
        total += bin;
    const double wanted = double(top_p) * total;
    double mass = 0;
    int bin = 0;
    while (bin < kBins - 1 && mass + mine.bins[bin] < wanted)
        mass += mine.bins[bin++];
    int64_t n_sorted = 0;
    for (int64_t i = 0; i < n; i++)
        if (binOf(logits[i], max, inv_t) == bin)
            sorted[n_sorted++] = {logits[i], int32_t(i)};
    std::sort(sorted, sorted + n_sorted, isBefore);
    for (int64_t i = 0; i < n_sorted; i++) {
        float weight = 0;
        HWY_DYNAMIC_DISPATCH(blockWeights)(&sorted[i].logit, 1, max, inv_t, &weight);
        mass += double(weight);
        if (mass >= wanted)
            return sorted[i];
    }
    // Reached by rounding alone: everything is kept.
    return n_sorted > 0 ? sorted[n_sorted - 1]
                        : Candidate{-std::numeric_limits<float>::infinity(), int32_t(n)};
}

} // namespace

void cpuRestrictDraws(ThreadPool& pool, const SelectScratch& scratch, Tensor logits,
    const TreeTables* tree, StepState* state)
{
    const StepSettings& settings = state->settings;
    if (isArgmaxTemperature(settings.temperature) || !(settings.top_p < 1.0F))
        return;
    assert(logits.cols <= scratch.n_out);
    const float inv_t = inverseTemperature(settings.temperature);
    pool.forEach(logits.rows, [&](int64_t row, int thread) {
        SelectThreadScratch& mine = scratch.threads[thread];
        const float* const l = logits.data + row * logits.cols;
        const float max = state->max_logit[row];
        if (!std::isfinite(max))
            return;
        const Candidate last = lastOfTopP(l, logits.cols, max, inv_t, settings.top_p, mine,
            scratch.sorted + thread * scratch.n_out);
        const uint32_t position = uint32_t(state->kv_len + depthOf(tree, row));
        float best = 0;
        Candidate draw{0, -1};
        for (int64_t first = 0; first < logits.cols; first += kSlabColumns)
            HWY_DYNAMIC_DISPATCH(bestKept)
        (settings.seed, position, l + first, first,
            int(std::min<int64_t>(kSlabColumns, logits.cols - first)), inv_t, last, mine.noise,
            best, draw);
        state->draw[row] = draw.token;
        state->draw_logit[row] = draw.logit;
    });
}

} // namespace gorgon
#endif
