// SPDX-License-Identifier: Apache-2.0
// Attention by tiles of 16 absolute logical positions, in ascending order, with a running maximum.
// For the scores a lane is a position and the sum runs over d; for the values a lane is an output
// and the sum runs over positions. Elements become floats as they are loaded, once for several
// queries; the scales of q8 act on the score of a position and on its weight for the values. A
// query's arithmetic depends on its own position alone: a tile that touches the tree is gathered
// through the query's path into the form of a committed tile first.
#include "kernels/cpu/attention.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/cpu/kv_layout.h"
#include "kernels/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/attention.cpp"
#include "hwy/foreach_target.h"

#include "kernels/cpu/simd.h"

#ifndef GORGON_KERNELS_CPU_ATTENTION_ONCE
#define GORGON_KERNELS_CPU_ATTENTION_ONCE
namespace gorgon {

// A query is one head of one row; this many share each tile while it is in the first-level cache.
constexpr int kMostQueries = 32;

/// What one thread needs for kMostQueries queries.
struct AttentionScratch
{
    AttentionScratch(float* memory, int64_t head_dim, int64_t value_width)
        : highest(memory)
        , total(highest + kMostQueries)
        , weights(total + kMostQueries * kTile)
        , gathered(weights + kMostQueries * kTile)
        , sums(gathered + (head_dim + 15) / 16 * 16 * kTile)
        , value_dim(value_width)
    {
    }

    float* highest; // score so far
    float* total; // (queries, 16) of the weights e^(score - highest), by lane
    float* weights; // (queries, 16) of the tile at hand
    float* gathered; // keys of one row's tile, a block of the cache
    float* sums; // (queries, value_dim) of weight times value
    int64_t value_dim;
};

/// The part of the work of one call: queries of one KV head.
struct AttentionItem
{
    const KvLayout& layout;
    const TreeTables* tree;
    Tensor qkv;
    Tensor out;
    int64_t head_dim;
    int group; // query heads per KV head
    int kv_head;
    int kv_len;
    int64_t first; // query = row * group + head of the group
    int count;
    int64_t window; // positions that a query sees, its own included
};

/// The positions of one tile that a query sees: [first, end) of its 16.
struct TileSpan
{
    int first;
    int end;
};

/// Keys and values of 16 positions as they are stored; scales only in q8.
struct Tile
{
    const uint8_t* keys; // [head_dim][16]
    const float* key_scales; // [16]
    const uint8_t* values[kTile];
    const float* value_scales; // [16]
    int64_t head_dim;
};

} // namespace gorgon
#endif

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {

constexpr int kScoreQueries = kParts == 1 ? 8 : kParts == 2 ? 4 : 2;
constexpr float kNone = -__builtin_inff();

/// Sixteen stored elements.
template <DType dtype> HWY_INLINE V16 elements16(const uint8_t* p)
{
    const Floats d;
    V16 x;
    GORGON_PARTS
    {
        if constexpr (dtype == DType::f32) {
            x.part[i] = hn::LoadU(d, reinterpret_cast<const float*>(p) + i * kLanes);
        } else if constexpr (dtype == DType::bf16) {
            const hn::Rebind<uint16_t, Floats> dh;
            const auto bits = hn::LoadU(dh, reinterpret_cast<const uint16_t*>(p) + i * kLanes);
            x.part[i] = hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(Words(), bits)));
        } else if constexpr (dtype == DType::f16) {
            x.part[i] = loadHalves(p + 2 * i * kLanes);
        } else {
            const hn::Rebind<int8_t, Floats> db;
            const auto bytes = hn::LoadU(db, reinterpret_cast<const int8_t*>(p) + i * kLanes);
            x.part[i] = hn::ConvertTo(d, hn::PromoteTo(Ints(), bytes));
        }
    }
    return x;
}

/// Raises the running maxima to those of the scores; fade: what sums so far must be multiplied
/// with.
template <int B> HWY_INLINE void raiseMaxima(const V16 (&scores)[B], float* highest, float* fade)
{
    HWY_ALIGN float shift[16] = {};
    HWY_UNROLL(8)
    for (int b = 0; b < B; b++) {
        const float tile_highest = maxOf16(scores[b]);
        const float now = tile_highest > highest[b] ? tile_highest : highest[b];
        shift[b] = highest[b] - now;
        highest[b] = now;
    }
    HWY_UNROLL(8)
    for (int b = 0; b < B; b += kLanes)
        hn::StoreU(hn::Exp(Floats(), hn::LoadU(Floats(), shift + b)), Floats(), fade + b);
}

/// Whether a score lies above its query's running maximum, or is not a number.
template <int B> HWY_INLINE bool anyAbove(const V16 (&scores)[B], const float* highest)
{
    const Floats d;
    auto all_below = hn::Le(scores[0].part[0], hn::Set(d, highest[0]));
    HWY_UNROLL(8)
    for (int b = 0; b < B; b++)
        GORGON_PARTS all_below
            = hn::And(all_below, hn::Le(scores[b].part[i], hn::Set(d, highest[b])));
    return !hn::AllTrue(d, all_below);
}

/// Scores of the queries q[0 ... B - 1] against one tile; then their weights, running maximum and
/// total. Returns whether the sums so far must be multiplied with `fade`; else it would be 1.
template <DType dtype, int B>
HWY_INLINE bool scoreTile(const float* const* q, const Tile& tile, float scale, TileSpan seen,
    float* highest, float* total, float* weights, float* fade)
{
    V16 scores[B];
    HWY_UNROLL(8)
    for (int b = 0; b < B; b++)
        scores[b] = set16(0.0F);
    for (int64_t d = 0; d < tile.head_dim; d++) {
        const V16 key = elements16<dtype>(tile.keys + d * kTile * kvElementBytes(dtype));
        HWY_UNROLL(8)
        for (int b = 0; b < B; b++)
            scores[b] = fma16(key, set16(q[b][d]), scores[b]);
    }
    V16 scales = set16(scale);
    if constexpr (dtype == DType::q8)
        scales = mul16(load16(tile.key_scales), scales);
    HWY_UNROLL(8)
    for (int b = 0; b < B; b++) {
        scores[b] = mul16(scores[b], scales);
        if (seen.end < kTile)
            scores[b] = firstLanes16(seen.end, scores[b], set16(kNone));
        if (seen.first > 0)
            scores[b] = firstLanes16(seen.first, set16(kNone), scores[b]);
    }
    const bool fades = anyAbove<B>(scores, highest);
    if (fades)
        raiseMaxima<B>(scores, highest, fade);
    HWY_UNROLL(8)
    for (int b = 0; b < B; b++) {
        const V16 w = exp16(add16(scores[b], set16(-highest[b])));
        const V16 before = load16(total + b * kTile);
        store16(fades ? fma16(before, set16(fade[b]), w) : add16(before, w), total + b * kTile);
        if constexpr (dtype == DType::q8)
            store16(mul16(w, load16(tile.value_scales)), weights + b * kTile);
        else
            store16(w, weights + b * kTile);
    }
    return fades;
}

/// sums[b] = sums[b] * fade[b] + weights[b] times values, for C times 16 outputs. fade nullptr: 1.
template <DType dtype, int B, int C>
HWY_INLINE void addValues(const uint8_t* const* values, TileSpan seen, const float* weights,
    const float* fade, int64_t value_dim, int64_t output, float* sums)
{
    V16 s[B][C];
    HWY_UNROLL(8)
    for (int b = 0; b < B; b++) {
        HWY_UNROLL(4)
        for (int c = 0; c < C; c++) {
            s[b][c] = load16(sums + b * value_dim + output + c * 16);
            if (fade)
                s[b][c] = mul16(s[b][c], set16(fade[b]));
        }
    }
    for (int j = seen.first; j < seen.end; j++) {
        HWY_UNROLL(4)
        for (int c = 0; c < C; c++) {
            const V16 v = elements16<dtype>(values[j] + (output + c * 16) * kvElementBytes(dtype));
            HWY_UNROLL(8)
            for (int b = 0; b < B; b++)
                s[b][c] = fma16(set16(weights[b * kTile + j]), v, s[b][c]);
        }
    }
    HWY_UNROLL(8)
    for (int b = 0; b < B; b++) {
        HWY_UNROLL(4)
        for (int c = 0; c < C; c++)
            store16(s[b][c], sums + b * value_dim + output + c * 16);
    }
}

template <DType dtype, int B>
void attendTile(const float* const* q, const Tile& tile, float scale, TileSpan seen,
    const AttentionScratch& scratch, int query)
{
    HWY_ALIGN float factors[16];
    float* const weights = scratch.weights + query * kTile;
    const bool fades = scoreTile<dtype, B>(q, tile, scale, seen, scratch.highest + query,
        scratch.total + query * kTile, weights, factors);
    const float* const fade = fades ? factors : nullptr;
    float* const sums = scratch.sums + query * scratch.value_dim;
    constexpr int kBeside = kParts == 1 ? (B > 4 ? 2 : 4) : 1;
    int64_t output = 0;
    for (; output + kBeside * 16 <= scratch.value_dim; output += kBeside * 16)
        addValues<dtype, B, kBeside>(
            tile.values, seen, weights, fade, scratch.value_dim, output, sums);
    for (; output < scratch.value_dim; output += 16)
        addValues<dtype, B, 1>(tile.values, seen, weights, fade, scratch.value_dim, output, sums);
}

/// The queries [begin, end) of the item against one tile, a few at a time.
template <DType dtype>
void attendQueries(const float* const* q, int begin, int end, const Tile& tile, float scale,
    TileSpan seen, const AttentionScratch& scratch)
{
    int i = begin;
    for (; i + kScoreQueries <= end; i += kScoreQueries)
        attendTile<dtype, kScoreQueries>(q + i, tile, scale, seen, scratch, i);
    if constexpr (kScoreQueries > 4) {
        for (; i + 4 <= end; i += 4)
            attendTile<dtype, 4>(q + i, tile, scale, seen, scratch, i);
    }
    if constexpr (kScoreQueries > 2) {
        for (; i + 2 <= end; i += 2)
            attendTile<dtype, 2>(q + i, tile, scale, seen, scratch, i);
    }
    for (; i < end; i++)
        attendTile<dtype, 1>(q + i, tile, scale, seen, scratch, i);
}

/// What a query at `position` sees of a tile that its window touches.
TileSpan spanOf(int64_t position, int64_t window, int64_t tile)
{
    const int64_t first = position - window + 1 - tile * kTile;
    const int64_t end = position - tile * kTile + 1;
    return {first > 0 ? int(first) : 0, end < kTile ? int(end) : int(kTile)};
}

/// The first tile that a query at `position` sees.
int64_t firstTile(int64_t position, int64_t window)
{
    return position < window ? 0 : (position - window + 1) / kTile;
}

/// A tile whose slots are its positions, read where it lies.
void placeTile(const AttentionItem& item, int64_t tile, Tile& out)
{
    const KvLayout& layout = item.layout;
    uint8_t* const block = layout.keyBlock(item.kv_head, tile);
    out.keys = block;
    const uint8_t* const values = layout.value(item.kv_head, tile * kTile);
    const int64_t bytes = layout.valueDim() * kvElementBytes(layout.dtype());
    for (int j = 0; j < kTile; j++)
        out.values[j] = values + j * bytes;
    if (layout.dtype() == DType::q8) {
        out.key_scales = layout.keyScales(block);
        out.value_scales = layout.valueScale(item.kv_head, tile * kTile);
    }
}

/// The tile as `row` sees it: slots up to kv_len, then the row's own path. keys: room for a block;
/// value_scales: (16).
void gatherTile(const AttentionItem& item, int64_t row, int64_t tile, int n_valid, uint8_t* keys,
    float* value_scales, Tile& out)
{
    const KvLayout& layout = item.layout;
    const DType dtype = layout.dtype();
    const int64_t first = tile * kTile;
    out.keys = keys;
    out.key_scales = layout.keyScales(keys);
    out.value_scales = value_scales;
    if (first < item.kv_len)
        memcpy(keys, layout.keyBlock(item.kv_head, tile), size_t(layout.keyBlockBytes()));
    for (int j = 0; j < n_valid; j++) {
        const int64_t position = first + j;
        int64_t slot = position;
        if (position >= item.kv_len) {
            slot = item.kv_len + item.tree->path[row][position - item.kv_len];
            copyLane(dtype, layout.key(item.kv_head, slot), item.head_dim,
                keys + j * kvElementBytes(dtype));
            if (dtype == DType::q8)
                layout.keyScales(keys)[j] = *layout.keyScale(item.kv_head, slot);
        }
        out.values[j] = layout.value(item.kv_head, slot);
        if (dtype == DType::q8)
            value_scales[j] = *layout.valueScale(item.kv_head, slot);
    }
}

template <DType dtype> void attendItemOf(const AttentionItem& item, float scale, float* memory)
{
    const AttentionScratch scratch(memory, item.head_dim, item.layout.valueDim());
    const float* q[kMostQueries];
    int position[kMostQueries];
    for (int i = 0; i < item.count; i++) {
        const int64_t row = (item.first + i) / item.group, head = (item.first + i) % item.group;
        q[i] = item.qkv.data + row * item.qkv.cols
            + (item.kv_head * item.group + head) * item.head_dim;
        position[i] = item.kv_len + (item.tree ? item.tree->depth[row] : int(row));
        scratch.highest[i] = kNone;
        store16(set16(0.0F), scratch.total + i * kTile);
    }
    for (int64_t i = 0; i < item.count * scratch.value_dim; i++)
        scratch.sums[i] = 0.0F;

    // Tiles read where they lie: those below kv_len, and all of a chain, whose slots are its
    // positions.
    Tile at{};
    at.head_dim = item.head_dim;
    const int64_t n_direct = item.tree ? item.kv_len / kTile : position[item.count - 1] / kTile + 1;
    for (int64_t tile = firstTile(position[0], item.window); tile < n_direct; tile++) {
        placeTile(item, tile, at);
        // Positions ascend: first the queries that end before this tile or within it, then those
        // that see all of it, then those whose windows begin within it or behind it.
        const int64_t tile_end = (tile + 1) * kTile;
        const auto attendOne = [&](int query) HWY_ATTR {
            attendQueries<dtype>(q, query, query + 1, at, scale,
                spanOf(position[query], item.window, tile), scratch);
        };
        int i = 0;
        for (; i < item.count && position[i] < tile_end - 1; i++)
            if (position[i] >= tile * kTile)
                attendOne(i);
        int end = i;
        while (end < item.count && position[end] - item.window < tile * kTile)
            end++;
        attendQueries<dtype>(q, i, end, at, scale, {0, kTile}, scratch);
        for (i = end; i < item.count && firstTile(position[i], item.window) <= tile; i++)
            attendOne(i);
    }
    // Tiles that touch the tree: gathered for each row, shared by its heads.
    HWY_ALIGN float value_scales[kTile] = {};
    for (int i = 0; item.tree && i < item.count;) {
        const int64_t row = (item.first + i) / item.group;
        int end = i + 1;
        while (end < item.count && (item.first + end) / item.group == row)
            end++;
        const int64_t first = firstTile(position[i], item.window);
        for (int64_t tile = first > n_direct ? first : n_direct; tile <= position[i] / kTile;
             tile++) {
            const TileSpan seen = spanOf(position[i], item.window, tile);
            gatherTile(item, row, tile, seen.end, reinterpret_cast<uint8_t*>(scratch.gathered),
                value_scales, at);
            attendQueries<dtype>(q, i, end, at, scale, seen, scratch);
        }
        i = end;
    }

    for (int i = 0; i < item.count; i++) {
        const int64_t row = (item.first + i) / item.group, head = (item.first + i) % item.group;
        float* const out = item.out.data + row * item.out.cols
            + (item.kv_head * item.group + head) * item.head_dim;
        const float* const sums = scratch.sums + i * scratch.value_dim;
        const float share = 1.0F / sumOf16(load16(scratch.total + i * kTile));
        forLanes(item.head_dim, [=](auto d, int64_t k) HWY_ATTR {
            hn::StoreU(hn::Mul(hn::LoadU(d, sums + k), hn::Set(d, share)), d, out + k);
        });
    }
}

void attendItem(const AttentionItem& item, float scale, float* memory)
{
    switch (item.layout.dtype()) {
    case DType::bf16:
        return attendItemOf<DType::bf16>(item, scale, memory);
    case DType::f16:
        return attendItemOf<DType::f16>(item, scale, memory);
    case DType::q8:
        return attendItemOf<DType::q8>(item, scale, memory);
    default:
        return attendItemOf<DType::f32>(item, scale, memory);
    }
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gorgon {

HWY_EXPORT(attendItem);

size_t attentionScratchFloats(int head_dim)
{
    const size_t padded = size_t(KvLayout::valueDim(head_dim));
    return kMostQueries * (1 + 2 * size_t(kTile) + padded) + padded * size_t(kTile);
}

void cpuAttention(ThreadPool& pool, float* scratch, Tensor qkv, int n_heads, int64_t window,
    const KvCache& cache, int layer, const TreeTables* tree, const StepState* state, Tensor out)
{
    const KvLayout layout(cache, layer);
    const int group = n_heads / cache.n_kv_heads;
    const int64_t queries = qkv.rows * group; // per KV head
    // Two items a thread at least, as long as a tile still serves more than one query.
    int64_t per_item = queries * cache.n_kv_heads / (2 * pool.size());
    per_item = per_item < 2 ? 2 : per_item > kMostQueries ? kMostQueries : per_item;
    const int64_t items_per_head = (queries + per_item - 1) / per_item;
    const float scale = 1.0F / std::sqrt(float(cache.head_dim));
    constexpr int64_t kEverything = int64_t(1) << 40; // no cache has so many positions
    const int64_t reach = window > 0 && window < kEverything ? window : kEverything;
    const size_t scratch_floats = attentionScratchFloats(cache.head_dim);
    const auto attend = [&](int64_t i, int thread) {
        const int64_t first = i % items_per_head * per_item;
        const int64_t left = queries - first;
        const AttentionItem item{layout, tree, qkv, out, cache.head_dim, group,
            int(i / items_per_head), state->kv_len, first, int(left < per_item ? left : per_item),
            reach};
        HWY_DYNAMIC_DISPATCH(attendItem)(item, scale, scratch + size_t(thread) * scratch_floats);
    };
    const int64_t n_items = items_per_head * cache.n_kv_heads;
    constexpr int64_t kAloneBelow = 50000;
    const int64_t seen = (state->kv_len < reach ? state->kv_len : reach) + qkv.rows;
    if (qkv.rows * n_heads * cache.head_dim * seen < kAloneBelow) {
        for (int64_t i = 0; i < n_items; i++)
            attend(i, 0);
        return;
    }
    pool.forEach(n_items, attend);
}

} // namespace gorgon
#endif
