// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/kv_store.h"

#include <cassert>

#include "kernels/cuda/kv_layout.h"
#include "kernels/cuda/pointwise_rows.h"

namespace gorgon::cuda {

namespace {

constexpr int kStoreWarps = 4; // of a block
constexpr int kPairs = kMostHeadDim / 2 / kWarp; // of a head that a lane has, at most
constexpr int kMoveThreads = 128;

struct StoreArgs
{
    KvLayout layout;
    float* qkv = nullptr;
    int64_t qkv_cols = 0;
    int n_rows = 0;
    int n_heads = 0;
    HeadNorms norms;
    const float* cosines = nullptr; // nullptr: nothing is rotated
    const float* sines = nullptr;
    const TreeTables* tree = nullptr;
    const StepState* state = nullptr;
};

/// One head of one row, as a lane has it: elements d and d + half for d = lane, lane + 32, ...
struct LaneHead
{
    float low[kPairs];
    float high[kPairs];
};

/// What turns a head into bytes, and back.
struct ByteScale
{
    float scale = 0;
    float inverse = 0;
};

/// By all lanes of a warp.
GORGON_DEVICE ByteScale byteScale(const LaneHead& x)
{
    // Bits of magnitudes are ordered; those of infinity and NaN lie above all.
    uint32_t top = 0;
    GORGON_UNROLL
    for (int i = 0; i < kPairs; i++) {
        const uint32_t low = bitsOfFloat(x.low[i]) & 0x7FFFFFFFU;
        const uint32_t high = bitsOfFloat(x.high[i]) & 0x7FFFFFFFU;
        top = low > top ? low : top;
        top = high > top ? high : top;
    }
    for (int mask = 16; mask > 0; mask /= 2) {
        const uint32_t other = shuffleXor(top, mask);
        top = other > top ? other : top;
    }
    const float most = floatOfBits(top);
    if (top >= 0x7F800000U)
        return {floatOfBits(0x7FC00000U), 0};
    if (most < 1e-30F)
        return {};
    return {divRn(most, 127.0F), divRn(127.0F, most)};
}

/// Rounded to nearest even; any byte where x is not finite.
GORGON_DEVICE uint8_t byteOf(float x, float inverse)
{
    // Adding 1.5 * 2^23 leaves the integer in the last bits.
    return uint8_t(bitsOfFloat(addRn(mulRn(x, inverse), 12582912.0F)));
}

/// Infinities have no place beside clamped numbers: they become NaN.
GORGON_DEVICE uint16_t halfBits(float x)
{
    return x - x == 0.0F ? fromFloat<Half>(clampToHalf(x)).bits : uint16_t(0x7E00);
}

template <DType dtype>
GORGON_DEVICE void storeElement(uint8_t* row, int d, float x, [[maybe_unused]] float inverse)
{
    if constexpr (dtype == DType::q8)
        row[d] = byteOf(x, inverse);
    else
        reinterpret_cast<uint16_t*>(row)[d]
            = dtype == DType::f16 ? halfBits(x) : fromFloat<Bf16>(x).bits;
}

/// A warp takes one head of one row: norms and rotates it, if it is of q or k, and stores it, if it
/// is of k or v. The padding of rows stays zero. Grid: kStoreWarps heads a block.
template <DType dtype>
GORGON_KERNEL void GORGON_LAUNCH_BOUNDS(kStoreWarps* kWarp, 1) ropeAndStoreKernel(StoreArgs args)
{
    waitForPredecessor();
    const KvLayout& layout = args.layout;
    const int n_heads = args.n_heads + 2 * layout.n_kv_heads;
    const int number = blockIndex() * kStoreWarps + warpIndex();
    if (number >= args.n_rows * n_heads)
        return;
    const int row = number / n_heads, head = number % n_heads;
    const bool is_q = head < args.n_heads, is_v = head >= args.n_heads + layout.n_kv_heads;
    const int half = layout.head_dim / 2;
    float* const x = args.qkv + row * args.qkv_cols + head * layout.head_dim;
    LaneHead mine;
    GORGON_UNROLL
    for (int i = 0; i < kPairs; i++) {
        const int d = laneIndex() + i * kWarp;
        mine.low[i] = d < half ? x[d] : 0.0F;
        mine.high[i] = d < half ? x[d + half] : 0.0F;
    }

    const float* const norm = is_v ? nullptr : is_q ? args.norms.q : args.norms.k;
    if (norm) {
        float squares = 0;
        GORGON_UNROLL
        for (int i = 0; i < kPairs; i++)
            squares = fmaRn(mine.high[i], mine.high[i], fmaRn(mine.low[i], mine.low[i], squares));
        const float scale = normScale(sumOfWarp(squares), layout.head_dim, args.norms.eps);
        GORGON_UNROLL
        for (int i = 0; i < kPairs; i++) {
            const int d = laneIndex() + i * kWarp;
            if (d >= half)
                continue;
            mine.low[i] = normed(mine.low[i], scale, norm[d]);
            mine.high[i] = normed(mine.high[i], scale, norm[d + half]);
        }
    }
    const int kv_len = args.state->kv_len;
    if (args.cosines && !is_v) {
        const int64_t first = int64_t(kv_len + depthOf(args.tree, row)) * half;
        GORGON_UNROLL
        for (int i = 0; i < kPairs; i++) {
            const int d = laneIndex() + i * kWarp;
            if (d >= half)
                continue;
            const float c = args.cosines[first + d], s = args.sines[first + d];
            const float a = mine.low[i], b = mine.high[i];
            mine.low[i] = subRn(mulRn(a, c), mulRn(b, s));
            mine.high[i] = addRn(mulRn(b, c), mulRn(a, s));
        }
    }
    if (!is_v && (norm || args.cosines)) {
        GORGON_UNROLL
        for (int i = 0; i < kPairs; i++) {
            const int d = laneIndex() + i * kWarp;
            if (d >= half)
                continue;
            x[d] = mine.low[i];
            x[d + half] = mine.high[i];
        }
    }
    if (is_q)
        return;

    const int kv_head = head - args.n_heads - (is_v ? layout.n_kv_heads : 0);
    const int64_t at = layout.row(kv_head, kv_len + row);
    uint8_t* const to = (is_v ? layout.values : layout.keys) + at * layout.row_bytes;
    ByteScale scale;
    if constexpr (dtype == DType::q8) {
        scale = byteScale(mine);
        if (laneIndex() == 0)
            (is_v ? layout.value_scales : layout.key_scales)[at] = scale.scale;
    }
    GORGON_UNROLL
    for (int i = 0; i < kPairs; i++) {
        const int d = laneIndex() + i * kWarp;
        if (d >= half)
            continue;
        storeElement<dtype>(to, d, mine.low[i], scale.inverse);
        storeElement<dtype>(to, d + half, mine.high[i], scale.inverse);
    }
}

/// Layer 0 of a cache and what it takes to get to all layers: they follow each other as heads do.
struct MoveArgs
{
    uint8_t* rows = nullptr; // of the keys of layer 0
    float* scales = nullptr;
    int64_t n_slots = 0;
    int n_heads = 0; // keys and values of all layers
    int row_bytes = 0;
    const StepState* state = nullptr;
};

/// A thread moves 16 bytes of each row of the path, or the scales of it, from the root on: a path's
/// i-th node is never numbered below i, so nothing is overwritten that is still read.
GORGON_KERNEL void GORGON_LAUNCH_BOUNDS(kMoveThreads, 1) moveAcceptedKernel(MoveArgs args)
{
    const StepRecord& record = args.state->record;
    const int pieces = args.row_bytes / 16 + (args.scales ? 1 : 0);
    const int64_t number = int64_t(blockIndex()) * kMoveThreads + threadIndex();
    if (number >= int64_t(args.n_heads) * pieces)
        return;
    const int piece = int(number % pieces);
    const int64_t first = number / pieces * args.n_slots + args.state->kv_len;
    for (int i = 1; i <= record.accept_length; i++) {
        const int node = record.path[i];
        if (node == i)
            continue;
        if (piece * 16 < args.row_bytes) {
            uint8_t* const at = args.rows + piece * 16;
            storeWords4(at + (first + i) * args.row_bytes,
                loadWords4(at + (first + node) * args.row_bytes));
        } else {
            args.scales[first + i] = args.scales[first + node];
        }
    }
}

/// One thread, when everybody has read the length.
GORGON_KERNEL void GORGON_LAUNCH_BOUNDS(kWarp, 1)
    advanceKernel(StepState* state, int n, int by_path)
{
    if (threadIndex() == 0)
        state->kv_len += n + (by_path ? state->record.accept_length + 1 : 0);
}

struct ReadArgs
{
    KvLayout layout;
    DType dtype = DType::f16;
    int64_t slot = 0;
    float* k = nullptr;
    float* v = nullptr;
};

/// A block takes one head, keys or values; a thread every kMoveThreads-th element.
GORGON_KERNEL void GORGON_LAUNCH_BOUNDS(kMoveThreads, 1) readKvKernel(ReadArgs args)
{
    const KvLayout& layout = args.layout;
    const int head = blockIndex() / 2;
    const bool is_v = blockIndex() % 2 == 1;
    const int64_t at = layout.row(head, args.slot);
    const uint8_t* const row = (is_v ? layout.values : layout.keys) + at * layout.row_bytes;
    float* const to = (is_v ? args.v : args.k) + head * layout.head_dim;
    for (int d = threadIndex(); d < layout.head_dim; d += kMoveThreads) {
        const auto* const words = reinterpret_cast<const uint16_t*>(row);
        if (args.dtype == DType::q8)
            to[d] = mulRn(
                (is_v ? layout.value_scales : layout.key_scales)[at], float(int8_t(row[d])));
        else
            to[d] = args.dtype == DType::f16 ? toFloat(Half{words[d]}) : toFloat(Bf16{words[d]});
    }
}

int blocksOf(int64_t n, int64_t per_block)
{
    return int((n + per_block - 1) / per_block);
}

} // namespace

void enqueueRopeAndStore(Stream& stream, Tensor qkv, int n_heads, const HeadNorms& norms,
    const RopeTable& rope, KvCache& cache, int layer, const TreeTables* tree,
    const StepState* state)
{
    assert(cache.head_dim % 2 == 0 && cache.head_dim <= kMostHeadDim);
    const StoreArgs args{KvLayout(cache, layer), qkv.data, qkv.cols, int(qkv.rows), n_heads, norms,
        rope.cos.data, rope.sin.data, tree, state};
    const int blocks = blocksOf(qkv.rows * (n_heads + 2 * cache.n_kv_heads), kStoreWarps);
    if (cache.dtype == DType::f16)
        launchEarly(stream, ropeAndStoreKernel<DType::f16>, blocks, kStoreWarps * kWarp, 0, args);
    else if (cache.dtype == DType::bf16)
        launchEarly(stream, ropeAndStoreKernel<DType::bf16>, blocks, kStoreWarps * kWarp, 0, args);
    else
        launchEarly(stream, ropeAndStoreKernel<DType::q8>, blocks, kStoreWarps * kWarp, 0, args);
}

void enqueueCommit(Stream& stream, KvCache& cache, StepState* state)
{
    const KvLayout first(cache, 0);
    const MoveArgs args{first.keys, first.key_scales, first.n_slots,
        cache.n_layers * 2 * cache.n_kv_heads, first.row_bytes, state};
    const int64_t pieces = first.row_bytes / 16 + (first.key_scales ? 1 : 0);
    launch(stream, moveAcceptedKernel, blocksOf(args.n_heads * pieces, kMoveThreads), kMoveThreads,
        0, args);
    launch(stream, advanceKernel, 1, kWarp, 0, state, 0, 1);
}

void enqueueAdvance(Stream& stream, StepState* state, int n)
{
    launch(stream, advanceKernel, 1, kWarp, 0, state, n, 0);
}

void enqueueReadKv(
    Stream& stream, const KvCache& cache, int layer, int64_t slot, float* k, float* v)
{
    const ReadArgs args{KvLayout(cache, layer), cache.dtype, slot, k, v};
    launch(stream, readKvKernel, 2 * cache.n_kv_heads, kMoveThreads, 0, args);
}

} // namespace gorgon::cuda
