// SPDX-License-Identifier: Apache-2.0
// Attention by absolute logical positions: sub-blocks of 16 (one k-step of the weights times the
// values), chunks of 64 (one exact maximum), superchunks of 1024 (merged first). A query at
// position p is a function of the keys and values of its own line up to p, in one order of
// operations, whatever its neighbours, the schedule and the length of the cache are. Queries and
// weights are rounded to the cache's type (q8: f16 and bf16); sums are f32.
#include "kernels/cuda/attention.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "kernels/cuda/attention_kernels.h"

namespace gorgon::cuda {

namespace {

constexpr int kChunkRows = kAttentionRows * 32; // rows times parts that there is always room for

size_t rowScratchFloats(int n_heads, int head_dim)
{
    return size_t(n_heads) * (size_t(head_dim) + 2);
}

/// Lays out what a block needs; false: more than the limit.
bool layOut(AttentionShared& at, const AttentionArgs& args, int element_bytes, bool is_scaled,
    int n_stages, int area_rows, size_t limit)
{
    const int warps = args.n_teams * args.n_halves;
    at.row_stride = args.layout.row_bytes + 16;
    at.query_stride = args.layout.row_bytes / element_bytes * 2 + 16;
    at.n_stages = n_stages;
    // Where the tree is not staged, there is room for 16 rows a warp.
    at.area_rows = std::max(area_rows, (warps + 1) / 2 * kSubBlock);
    at.chunks = args.n_teams * kTileRows * at.query_stride;
    at.area = at.chunks + n_stages * 2 * kChunk * at.row_stride;
    at.none = at.area + 2 * at.area_rows * at.row_stride;
    at.chunk_scales = at.none + at.row_stride;
    at.total = at.chunk_scales + (is_scaled ? n_stages * 2 * kChunk * int(sizeof(float)) : 0);
    return size_t(at.total) <= limit;
}

/// Teams, halves and shared memory of a pass.
void plan(AttentionArgs& args, const KvCache& cache, size_t limit)
{
    const int element_bytes = kvElementBytes(cache.dtype);
    const bool is_scaled = cache.dtype == DType::q8;
    const int n_tiles = (args.queries() + kTileRows - 1) / kTileRows;
    args.n_halves = args.layout.row_bytes / element_bytes > 128 ? 2 : 1;
    // Slots of a partial sub-block and of all nodes up to the last one.
    const int tail = args.tree ? kSubBlock - 1 + args.first_row + args.n_rows : 0;
    for (int most_teams = kMostAttentionWarps / args.n_halves; most_teams > 0; most_teams--) {
        args.n_row_groups = (n_tiles + most_teams - 1) / most_teams;
        args.n_teams = (n_tiles + args.n_row_groups - 1) / args.n_row_groups;
        AttentionShared& at = args.shared;
        // One tile walks little; more blocks beside it hide the copies instead.
        if ((n_tiles > 1 && layOut(at, args, element_bytes, is_scaled, 2, tail, limit))
            || layOut(at, args, element_bytes, is_scaled, 1, tail, limit)
            || layOut(at, args, element_bytes, is_scaled, 1, 0, limit))
            return;
    }
    assert(!"attention needs less shared memory than any device has");
}

template <class Format, int kTiles> void launchAttend(Stream& stream, const AttentionArgs& args)
{
    launchEarly(stream, attendKernel<Format, kTiles>, args.n_blocks,
        args.n_teams * args.n_halves * kWarp, size_t(args.shared.total), args);
}

template <class Format> void launchOf(Stream& stream, const AttentionArgs& args)
{
    const int columns = args.layout.row_bytes / Format::kElementBytes / args.n_halves;
    if (columns <= 32)
        launchAttend<Format, 4>(stream, args);
    else if (columns <= 64)
        launchAttend<Format, 8>(stream, args);
    else if (columns <= 96)
        launchAttend<Format, 12>(stream, args);
    else
        launchAttend<Format, 16>(stream, args);
}

} // namespace

size_t attentionScratchBytes(int n_heads, int head_dim, int64_t capacity)
{
    const size_t n_superchunks = size_t((capacity + kSuperchunk - 1) / kSuperchunk);
    return std::max(n_superchunks * kAttentionRows, size_t(kChunkRows))
        * rowScratchFloats(n_heads, head_dim) * sizeof(float);
}

void enqueueAttention(Stream& stream, const AttentionPlace& place, Tensor qkv, int n_heads,
    int64_t window, const KvCache& cache, int layer, const TreeTables* tree, const StepState* state,
    Tensor out)
{
    assert(cache.head_dim % 2 == 0 && cache.head_dim <= kMostHeadDim);
    assert(place.scratch_bytes >= attentionScratchBytes(n_heads, cache.head_dim, cache.capacity));
    constexpr int64_t kEverything = int64_t(1) << 40; // no cache has so many positions
    AttentionArgs args(KvLayout(cache, layer));
    args.qkv = qkv.data;
    args.qkv_cols = qkv.cols;
    args.out = out.data;
    args.out_cols = out.cols;
    args.tree = tree;
    args.state = state;
    args.group = n_heads / cache.n_kv_heads;
    args.window = window > 0 && window < kEverything ? window : kEverything;
    args.scale = float(1.4426950408889634 / std::sqrt(double(cache.head_dim)));
    args.schedule = place.schedule;
    const size_t row_floats = rowScratchFloats(n_heads, cache.head_dim);
    for (int first = 0; first < int(qkv.rows); first += kAttentionRows) {
        args.first_row = first;
        args.n_rows = std::min(kAttentionRows, int(qkv.rows) - first);
        plan(args, cache, place.shared_limit);
        const size_t part_floats = row_floats * size_t(args.n_rows);
        args.most_parts = int(
            std::min<size_t>(place.scratch_bytes / (part_floats * sizeof(float)), size_t(1) << 20));
        args.sums = static_cast<float*>(place.scratch);
        args.marks = args.sums
            + size_t(args.most_parts) * size_t(args.n_rows) * size_t(n_heads)
                * size_t(cache.head_dim);
        // As many blocks as an SM has room for; those of other kernels need some of it.
        const int per_multiprocessor
            = std::clamp(int(place.shared_limit / size_t(args.shared.total)), 1, 8);
        args.n_blocks = place.n_multiprocessors * per_multiprocessor;
        if (cache.dtype == DType::f16)
            launchOf<WordRows<Half>>(stream, args);
        else if (cache.dtype == DType::bf16)
            launchOf<WordRows<Bf16>>(stream, args);
        else
            launchOf<ByteRows>(stream, args);
        const int strips = (cache.head_dim + kWarp - 1) / kWarp;
        const int n_warps = args.n_rows * n_heads * strips;
        launchEarly(stream, mergePartsKernel,
            (n_warps + kMostAttentionWarps - 1) / kMostAttentionWarps, kMostAttentionWarps * kWarp,
            0, args);
    }
}

} // namespace gorgon::cuda
