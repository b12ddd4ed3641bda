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
        : ProductShare(args, unsigned(blockIndex()) / unsigned(args.n_passes))
    {
    }
    /// part: index of the tile and split.
    GORGON_DEVICE ProductShare(const ProductArgs& args, unsigned part)
        : tile(int(part / unsigned(args.n_splits)))
        , split(int(part) - tile * args.n_splits)
        , pass(blockIndex() - int(part) * args.n_passes)
        , first_row(pass * kPassRows)
        , n_rows(args.n_rows - first_row < kPassRows ? args.n_rows - first_row : kPassRows)
    {
    }
    /// The split's part of n stages; in 32 bits, since nothing is copied before they are known.
    GORGON_DEVICE int firstStage(unsigned n, const ProductArgs& args) const
    {
        return int(n * unsigned(split) / unsigned(args.n_splits));
    }
    GORGON_DEVICE int endStage(unsigned n, const ProductArgs& args) const
    {
        return int(n * unsigned(split + 1) / unsigned(args.n_splits));
    }
};

GORGON_DEVICE void addToFour(Words4& sum, const Words4& part)
{
    GORGON_UNROLL
    for (int i = 0; i < 4; i++)
        sum.w[i] = bitsOfFloat(addRn(floatOfBits(sum.w[i]), floatOfBits(part.w[i])));
}

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
    syncThreads();
    // What the block has stored is there before its ticket; who has the last one sees them all.
    if (threadIndex() == 0) {
        is_last[0] = takeTicket(args.tickets + at) == args.n_splits - 1;
        if (is_last[0])
            args.tickets[at] = 0;
    }
    syncThreads();
    if (!is_last[0])
        return false;
    constexpr int kAhead = 4; // parts on their way at a time
    for (int i = threadIndex(); i < share.n_rows * kQuads; i += kProductThreads) {
        Words4 sum = loadFresh4(parts + i * 4);
        for (int first = 1; first < args.n_splits; first += kAhead) {
            Words4 part[kAhead];
            GORGON_UNROLL
            for (int j = 0; j < kAhead; j++)
                if (first + j < args.n_splits)
                    part[j] = loadFresh4(parts + size_t(first + j) * split_floats + i * 4);
            GORGON_UNROLL
            for (int j = 0; j < kAhead; j++)
                if (first + j < args.n_splits)
                    addToFour(sum, part[j]);
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
        constexpr uint64_t kAlign = sizeof(Words4);
        if (n_outputs == kProductOutputs && stride % 4 == 0
            && reinterpret_cast<uintptr_t>(y) % kAlign == 0
            && reinterpret_cast<uintptr_t>(bias) % kAlign == 0)
            return storeFours(tile, first_output, first_row, n_rows);
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

private:
    /// The same, 16 bytes at a time; what is added to is read ahead of the stores, which would hold
    /// it back.
    GORGON_DEVICE void storeFours(
        const float* tile, int first_output, int first_row, int n_rows) const
    {
        constexpr int kQuads = kProductOutputs / 4, kAhead = 4;
        const int output = threadIndex() % kQuads * 4, n = n_rows * kQuads;
        Words4 of_bias{};
        if (bias)
            of_bias = loadWords4(bias + first_output + output);
        float* const from = y + first_row * stride + first_output + output;
        for (int i = threadIndex(); i < n; i += kAhead * kProductThreads) {
            Words4 before[kAhead];
            GORGON_UNROLL
            for (int j = 0; j < kAhead; j++)
                if (add && i + j * kProductThreads < n)
                    before[j] = loadWords4(from + (i + j * kProductThreads) / kQuads * stride);
            GORGON_UNROLL
            for (int j = 0; j < kAhead; j++) {
                if (i + j * kProductThreads < n) {
                    const int row = (i + j * kProductThreads) / kQuads;
                    Words4 sum = loadWords4(tile + row * kTileStride + output);
                    if (bias)
                        addToFour(sum, of_bias);
                    if (add)
                        addToFour(sum, before[j]); // a + b is b + a, bit for bit
                    storeWords4(from + row * stride, sum);
                }
            }
        }
    }
};

} // namespace gorgon::cuda
