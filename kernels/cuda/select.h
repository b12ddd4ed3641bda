// SPDX-License-Identifier: Apache-2.0
// The vocabulary without logits in memory: the products of kernels/cuda/product.h end in tiles of
// 128 tokens, of which a summary per row is kept; a block per row merges the summaries in a fixed
// tree.
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/product_finish.h"
#include "kernels/cuda/runtime.h"
#include "kernels/cuda/select_tile.h"

namespace gorgon::cuda {

/// Sized for the widest matrix.
struct SelectScratch
{
    TileSummary* summaries = nullptr; // (kMaxNodes, n_tiles)
    uint64_t* candidates = nullptr; // (kMaxHeads, n_tiles, k)
};

GORGON_HOST_DEVICE constexpr int64_t tileCount(int64_t n_out)
{
    return (n_out + kTileTokens - 1) / kTileTokens;
}
constexpr size_t summaryBytes(int64_t n_out)
{
    return size_t(kMaxNodes) * size_t(tileCount(n_out)) * sizeof(TileSummary);
}
constexpr size_t candidateBytes(int64_t n_out)
{
    return size_t(kMaxHeads) * size_t(tileCount(n_out)) * kMaxTopK * sizeof(uint64_t);
}

/// The end of a product (see finishTile): fills the summaries, child_logit and, where given, the
/// stored logits.
struct ProjectEpilogue
{
    const TreeTables* tree; // or nullptr: one row
    StepState* state;
    TileSummary* summaries; // (rows, n_tiles)
    float* logits; // (rows, n_out), or nullptr
    int64_t n_out;

    GORGON_DEVICE void operator()(
        const float* tile, int first_output, int n_outputs, int first_row, int n_rows) const;
};

/// The same for the heads' best tokens: the k best of a tile and row, as keys.
struct TopKEpilogue
{
    TileSummary* summaries;
    uint64_t* candidates;
    int64_t n_out;
    int k;

    GORGON_DEVICE void operator()(
        const float* tile, int first_output, int n_outputs, int first_row, int n_rows) const;
};

/// One of the two: a kernel per format and group count serves both.
struct SelectEpilogue
{
    ProjectEpilogue project;
    TopKEpilogue top_k;
    bool is_top_k;

    GORGON_DEVICE void operator()(
        const float* tile, int first_output, int n_outputs, int first_row, int n_rows) const
    {
        if (is_top_k)
            top_k(tile, first_output, n_outputs, first_row, n_rows);
        else
            project(tile, first_output, n_outputs, first_row, n_rows);
    }
};

/// What follows a product that ended in a ProjectEpilogue over m rows.
void enqueueMergeRows(
    Stream& stream, const SelectScratch& scratch, int m, int64_t n_out, StepState* state);
/// What follows one that ended in a TopKEpilogue: heads first_head ... first_head + m - 1.
void enqueueMergeTopK(Stream& stream, const SelectScratch& scratch, int m, int64_t n_out,
    int first_head, int k, StepState* state);
/// As the operation of Backend.
void enqueueRestrictDraws(Stream& stream, Tensor logits, const TreeTables* tree, StepState* state);

GORGON_DEVICE void ProjectEpilogue::operator()(
    const float* tile, int first_output, int n_outputs, int first_row, int n_rows) const
{
    const StepSettings settings = state->settings;
    const bool draws = !isArgmaxTemperature(settings.temperature);
    const float inv_t = inverseTemperature(settings.temperature);
    const int64_t n_tiles = tileCount(n_out), tile_number = first_output / kTileTokens;
    for (int r = warpIndex(); r < n_rows; r += kProductThreads / kWarp) {
        const int row = first_row + r;
        float l[4];
        loadFour(tile + r * kTileStride, n_outputs, l);
        TileSummary summary = summarize(l, first_output, inv_t);
        if (draws) {
            const int depth = tree ? tree->depth[row] : 0;
            addDraw(tile + r * kTileStride, l, first_output, inv_t, settings.seed,
                uint32_t(state->kv_len + depth), summary);
        }
        if (laneIndex() == 0)
            summaries[row * n_tiles + tile_number] = summary;
        if (logits) {
            float* const stored = logits + row * n_out + first_output;
            GORGON_UNROLL
            for (int i = 0; i < 4; i++)
                if (laneIndex() * 4 + i < n_outputs)
                    stored[laneIndex() * 4 + i] = l[i];
        }
    }
    const bool is_first = first_output == 0 && first_row == 0;
    if (is_first && threadIndex() == 0) {
        state->child_logit[0] = 0;
        state->record.bad_logits = 0;
    }
    const int n_nodes = tree ? tree->n_nodes : 1;
    for (int node = 1 + threadIndex(); node < n_nodes; node += kProductThreads) {
        const int32_t token = state->tokens[node];
        const int r = tree->parent[node] - first_row;
        if (token < 0 || token >= n_out) {
            if (is_first)
                state->child_logit[node] = kLowest;
        } else if (r >= 0 && r < n_rows && token >= first_output
            && token < first_output + n_outputs) {
            const float logit = tile[r * kTileStride + token - first_output];
            state->child_logit[node] = logit == logit ? logit : kLowest;
        }
    }
}

/// Four warps to a row: each ranks 32 of the tile's tokens.
GORGON_DEVICE void TopKEpilogue::operator()(
    const float* tile, int first_output, int n_outputs, int first_row, int n_rows) const
{
    const int64_t n_tiles = tileCount(n_out), tile_number = first_output / kTileTokens;
    const auto bestOf
        = [&](int r) { return candidates + ((first_row + r) * n_tiles + tile_number) * k; };
    for (int i = threadIndex(); i < n_rows * k; i += kProductThreads)
        bestOf(i / k)[i % k] = 0;
    syncThreads();
    constexpr int kWarpsOfRow = kTileTokens / kWarp;
    for (int task = warpIndex(); task < n_rows * kWarpsOfRow; task += kProductThreads / kWarp) {
        const int r = task / kWarpsOfRow, mine = task % kWarpsOfRow * kWarp + laneIndex();
        const float* const values = tile + r * kTileStride;
        if (task % kWarpsOfRow == 0) {
            float l[4];
            loadFour(values, n_outputs, l);
            const TileSummary summary = summarize(l, first_output, 1.0F);
            if (laneIndex() == 0)
                summaries[(first_row + r) * n_tiles + tile_number] = summary;
        }
        const float logit = mine < n_outputs ? values[mine] : kLowest;
        // A token's place is the number of those before it.
        int place = 0;
        for (int j = 0; j < n_outputs; j++) {
            const float other = values[j]; // note: NaN is before nothing
            place += other > logit || (other == logit && j < mine) ? 1 : 0;
        }
        if (logit > kLowest && place < k) // note: NaN is not
            bestOf(r)[place] = candidateKey(logit, first_output + mine);
    }
}

} // namespace gorgon::cuda
