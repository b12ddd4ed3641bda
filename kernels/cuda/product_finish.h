// SPDX-License-Identifier: Apache-2.0
// How a product ends: the last block of a tile adds what the splits of k gave, in their order, and
// hands the tile to the epilogue.
#pragma once

#include "kernels/cuda/product_input.h"
#include "kernels/cuda/weights.h"

namespace gorgon::cuda {

constexpr int kProductThreads = 256;
constexpr int kProductOutputs = 128; // of a tile
/// The sum of output i and row j of a tile is tile[j * kTileStride + i]; the pad parts banks.
constexpr int kTileStride = kProductOutputs + 4;
constexpr size_t kTileBytes = size_t(kPassRows) * kTileStride * sizeof(float);
/// Dynamic shared memory of a product; while the epilogue runs all behind the tile is free for it.
constexpr size_t kProductShared = 98304;

/// Stages of a split at most: 128 mma onto one sum, which is off by 2^-16 at worst, an eighth of
/// what rounding one input to f16 does.
constexpr int64_t kMostChainStages = 64;

struct ProductArgs
{
    Weights w;
    ProductRows x;
    int n_rows; // m
    int n_passes; // of up to kPassRows rows
    int n_splits; // of k
    CacheUse use;
    float* partials; // [tile][pass][split][row][kProductOutputs]; nullptr where n_splits is 1
    int* tickets; // [tile][pass], zeros between products
};

/// The work of one block.
struct ProductShare
{
    int tile, split, pass;
    int first_row, n_rows;

    GORGON_DEVICE explicit ProductShare(const ProductArgs& args)
        : tile(blockIndex() / args.n_passes / args.n_splits)
        , split(blockIndex() / args.n_passes % args.n_splits)
        , pass(blockIndex() % args.n_passes)
        , first_row(pass * kPassRows)
        , n_rows(args.n_rows - first_row < kPassRows ? args.n_rows - first_row : kPassRows)
    {
    }
    /// The split's part of n stages.
    GORGON_DEVICE int firstStage(int64_t n, const ProductArgs& args) const
    {
        return int(n * split / args.n_splits);
    }
    GORGON_DEVICE int endStage(int64_t n, const ProductArgs& args) const
    {
        return int(n * (split + 1) / args.n_splits);
    }
};

/// All splits of the tile added in `tile`; false where another block will do it.
GORGON_DEVICE bool addSplits(const ProductArgs& args, const ProductShare& share, float* tile)
{
    GORGON_SHARED(int, is_last, 1);
    constexpr int kQuads = kProductOutputs / 4;
    const int at = share.tile * args.n_passes + share.pass;
    const size_t split_floats = size_t(kPassRows) * kProductOutputs;
    float* const parts = args.partials + size_t(at) * size_t(args.n_splits) * split_floats;
    float* const mine = parts + size_t(share.split) * split_floats;
    for (int i = threadIndex(); i < share.n_rows * kQuads; i += kProductThreads)
        storeWords4(mine + i * 4, loadWords4(tile + i / kQuads * kTileStride + i % kQuads * 4));
    threadFence();
    syncThreads();
    if (threadIndex() == 0) {
        is_last[0] = atomicAddInt(args.tickets + at, 1) == args.n_splits - 1;
        if (is_last[0])
            args.tickets[at] = 0;
        threadFence();
    }
    syncThreads();
    if (!is_last[0])
        return false;
    for (int i = threadIndex(); i < share.n_rows * kQuads; i += kProductThreads) {
        Words4 sum = loadFresh4(parts + i * 4);
        for (int split = 1; split < args.n_splits; split++) {
            const Words4 part = loadFresh4(parts + size_t(split) * split_floats + i * 4);
            GORGON_UNROLL
            for (int j = 0; j < 4; j++)
                sum.w[j] = bitsOfFloat(addRn(floatOfBits(sum.w[j]), floatOfBits(part.w[j])));
        }
        storeWords4(tile + i / kQuads * kTileStride + i % kQuads * 4, sum);
    }
    syncThreads();
    return true;
}

/// The tile holds the split's sums; all threads have passed a barrier since. Epilogue:
///   void operator()(float* tile, int first_output, int n_outputs, int first_row, int n_rows) const
/// runs with all kProductThreads threads of the block once all of k is in the tile.
template <typename Epilogue>
GORGON_DEVICE void finishTile(
    const ProductArgs& args, const ProductShare& share, float* tile, const Epilogue& epilogue)
{
    if (args.n_splits > 1 && !addSplits(args, share, tile))
        return;
    const int first = share.tile * kProductOutputs;
    const int left = args.w.n_out - first;
    epilogue(tile, first, left < kProductOutputs ? left : kProductOutputs, share.first_row,
        share.n_rows);
}

/// y = sum + bias, or y += that.
struct StoreTile
{
    float* y = nullptr;
    int64_t stride = 0;
    const float* bias = nullptr;
    bool add = false;

    GORGON_DEVICE void operator()(
        float* tile, int first_output, int n_outputs, int first_row, int n_rows) const
    {
        for (int i = threadIndex(); i < n_rows * kProductOutputs; i += kProductThreads) {
            const int row = i / kProductOutputs, output = i % kProductOutputs;
            if (output >= n_outputs)
                continue;
            float* const to = y + (first_row + row) * stride + first_output + output;
            float sum = tile[row * kTileStride + output];
            if (bias)
                sum = addRn(sum, bias[first_output + output]);
            *to = add ? addRn(*to, sum) : sum;
        }
    }
};

} // namespace gorgon::cuda
