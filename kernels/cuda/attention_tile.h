// SPDX-License-Identifier: Apache-2.0
// One warp, 16 queries, one chunk. Sub-blocks of which every query that reaches them sees the same
// rows are read where the block has staged them. The others, the tail, are read once per row of the
// tile, through its path, and the result is kept for that row's queries alone; behind a row's own
// position keys and values are zeros and weights 0. So a query's operands depend on its own line
// only.
#pragma once

#include "kernels/cuda/attention_format.h"
#include "kernels/cuda/attention_merge.h"
#include "kernels/cuda/attention_pass.h"

namespace gorgon::cuda {

/// What a warp knows of its tile.
struct AttentionTile
{
    int kv_head = 0;
    int first_query = 0;
    int first_node = 0; // rows of the call that the queries belong to
    int last_node = -1; // below first_node: the tile has no queries
    int first_tile = 0; // of 8 columns; that of this warp's half
    // Of the lane's queries g and g + 8; -1: there is none.
    int node[2];
    int position[2];
    int first_seen[2];
    int tail_begin = 0; // position from which on the rows of the tile differ
    int last_position = 0;
    const uint8_t* queries = nullptr; // shared
};

/// Where the rows of one chunk are.
struct ChunkPlace
{
    int first = 0; // position
    const uint8_t* keys = nullptr; // shared, of the position `first`
    const uint8_t* values = nullptr;
    const float* key_scales = nullptr;
    const float* value_scales = nullptr;
    // Keys and values of the slots from area_first on, or room for 16 rows of this warp.
    uint8_t* area_keys = nullptr;
    uint8_t* area_values = nullptr;
    int area_first = 0;
    bool is_gathered = false;
    const uint8_t* none = nullptr;
};

/// The slot of a position of a node's line; -1 behind the node.
GORGON_DEVICE int slotOf(
    const AttentionArgs& args, int kv_len, int node, int node_position, int position)
{
    if (position > node_position)
        return -1;
    if (!args.tree || position < kv_len)
        return position;
    return kv_len + args.tree->path[node][position - kv_len];
}

/// Copies the rows of 16 positions of a node's line to room for them.
GORGON_DEVICE void gatherRows(const AttentionArgs& args, int kv_len, int node, int node_position,
    int first, const uint8_t* from, int64_t head_row, uint8_t* room)
{
    const int pieces = args.layout.row_bytes / 16;
    syncWarp(); // nobody reads what was there
    for (int i = laneIndex(); i < kSubBlock * pieces; i += kWarp) {
        const int j = i / pieces, piece = i % pieces;
        const int slot = slotOf(args, kv_len, node, node_position, first + j);
        if (slot >= 0)
            copyAsync16Cached(room + j * args.shared.row_stride + piece * 16,
                from + (head_row + slot) * args.layout.row_bytes + piece * 16);
    }
    commitCopies();
    waitCopies<0>();
    syncWarp();
}

/// Where the lane's row of a tail sub-block lies; j: of the 16.
GORGON_DEVICE const uint8_t* tailRow(const AttentionArgs& args, const ChunkPlace& place, int kv_len,
    int node, int node_position, int first, int j, const uint8_t* of_chunk, const uint8_t* of_area)
{
    const int slot = slotOf(args, kv_len, node, node_position, first + j);
    if (slot < 0)
        return place.none;
    if (!args.tree)
        return of_chunk + (slot - place.first) * args.shared.row_stride;
    return of_area + (place.is_gathered ? j : slot - place.area_first) * args.shared.row_stride;
}

/// Rows of a node's line that a lane reads the scales of: those of its columns in the layout of
/// mma.
GORGON_DEVICE void tailScales(const AttentionArgs& args, int kv_len, int node, int node_position,
    int first, const float* scales, float (&of_column)[2][2])
{
    GORGON_UNROLL
    for (int i = 0; i < 4; i++) {
        const int column = (i / 2) * 8 + laneIndex() % 4 * 2 + i % 2;
        const int slot = slotOf(args, kv_len, node, node_position, first + column);
        of_column[i / 2][i % 2] = slot < 0 ? 0.0F : scales[slot];
    }
}

/// Scores of the tile against 16 keys; row: this lane's for ldmatrix.
template <class Format>
GORGON_DEVICE void scoreRows(
    const AttentionArgs& args, const uint8_t* query_row, const uint8_t* key_row, float (&s)[2][4])
{
    const int n_steps = args.layout.row_bytes / kStepBytes;
    for (int step = 0; step < n_steps; step++) {
        uint32_t q[Format::kScoreSteps][4], raw[4];
        GORGON_UNROLL
        for (int i = 0; i < Format::kScoreSteps; i++)
            loadMatrix4(q[i], query_row + (step * Format::kScoreSteps + i) * 32);
        loadMatrix4(raw, key_row + step * kStepBytes);
        Format::addScores(s, q, raw);
    }
}

/// sums += weights times 16 values, for the rows that are to be kept.
template <class Format, int kTiles, bool kKeepsAll>
GORGON_DEVICE void addValues(const AttentionArgs& args, const AttentionTile& tile,
    const uint32_t (&weights)[4], const uint8_t* value_row, const bool (&keeps)[2],
    float (&sums)[kTiles][4])
{
    constexpr int kSteps = kTiles / Format::kValueTiles;
    const int first_step = tile.first_tile / Format::kValueTiles;
    const int n_steps = args.layout.row_bytes / kStepBytes - first_step;
    GORGON_UNROLL
    for (int step = 0; step < kSteps; step++) {
        if (step >= n_steps)
            continue;
        uint32_t raw[4];
        loadMatrix4Transposed(raw, value_row + (first_step + step) * kStepBytes);
        GORGON_UNROLL
        for (int i = 0; i < Format::kValueTiles; i++) {
            float(&sum)[4] = sums[step * Format::kValueTiles + i];
            uint32_t b[2];
            Format::valuesOf(raw, i, b);
            if constexpr (kKeepsAll) {
                mma16816<typename Format::Weight>(sum, weights, b);
            } else {
                float c[4] = {sum[0], sum[1], sum[2], sum[3]};
                mma16816<typename Format::Weight>(c, weights, b);
                GORGON_UNROLL
                for (int k = 0; k < 4; k++)
                    sum[k] = keeps[k / 2] ? c[k] : sum[k];
            }
        }
    }
}

/// The scores of a chunk, (sub-block, eighth of columns, as mma leaves them).
using Scores = float[kChunk / kSubBlock][2][4];

template <class Format>
GORGON_DEVICE void scoreChunk(const AttentionArgs& args, int kv_len, const AttentionTile& tile,
    const ChunkPlace& place, int n_direct, int n_blocks, Scores& s)
{
    const int lane = laneIndex(), stride = args.shared.row_stride;
    const int key_of_lane = (lane & 7) + (lane >> 4) * 8, half_of_lane = lane >> 3 & 1;
    const uint8_t* const query_row
        = tile.queries + (lane & 15) * args.shared.query_stride + (lane >> 4) * 16;
    const int n_steps = n_direct > 0 ? args.layout.row_bytes / kStepBytes : 0;
    const uint8_t* const key_row = place.keys + key_of_lane * stride + half_of_lane * 16;
    for (int step = 0; step < n_steps; step++) {
        uint32_t q[Format::kScoreSteps][4];
        GORGON_UNROLL
        for (int i = 0; i < Format::kScoreSteps; i++)
            loadMatrix4(q[i], query_row + (step * Format::kScoreSteps + i) * 32);
        GORGON_UNROLL
        for (int block = 0; block < kChunk / kSubBlock; block++) {
            if (block >= n_direct)
                continue;
            uint32_t raw[4];
            loadMatrix4(raw, key_row + block * kSubBlock * stride + step * kStepBytes);
            Format::addScores(s[block], q, raw);
        }
    }
    if constexpr (Format::kIsScaled) {
        GORGON_UNROLL
        for (int block = 0; block < kChunk / kSubBlock; block++) {
            if (block >= n_direct)
                continue;
            GORGON_UNROLL
            for (int i = 0; i < 8; i++) {
                const int column = block * kSubBlock + i / 4 * 8 + lane % 4 * 2 + i % 2;
                s[block][i / 4][i % 4] = mulRn(s[block][i / 4][i % 4], place.key_scales[column]);
            }
        }
    }

    const int64_t head_row = args.layout.row(tile.kv_head, 0);
    for (int block = n_direct; block < n_blocks; block++) {
        const int first = place.first + block * kSubBlock;
        for (int node = tile.first_node; node <= tile.last_node; node++) {
            const int node_position = positionOf(args, kv_len, node);
            if (node_position < first)
                continue;
            if (place.is_gathered)
                gatherRows(args, kv_len, node, node_position, first, args.layout.keys, head_row,
                    place.area_keys);
            float one[2][4] = {};
            scoreRows<Format>(args, query_row,
                tailRow(args, place, kv_len, node, node_position, first, key_of_lane, place.keys,
                    place.area_keys)
                    + half_of_lane * 16,
                one);
            if constexpr (Format::kIsScaled) {
                float scales[2][2];
                tailScales(args, kv_len, node, node_position, first,
                    args.layout.key_scales + head_row, scales);
                GORGON_UNROLL
                for (int i = 0; i < 8; i++)
                    one[i / 4][i % 4] = mulRn(one[i / 4][i % 4], scales[i / 4][i % 2]);
            }
            GORGON_UNROLL
            for (int i = 0; i < kChunk / kSubBlock * 8; i++) {
                const bool keeps = i / 8 == block && tile.node[i / 2 % 2] == node;
                float& score = s[i / 8][i / 4 % 2][i % 4];
                score = keeps ? one[i / 4 % 2][i % 4] : score;
            }
        }
    }
}

/// Scores become weights, not yet rounded where scales of values follow; then highest and total.
template <class Format, int kTiles>
GORGON_DEVICE void weighChunk(const AttentionArgs& args, const AttentionTile& tile,
    const ChunkPlace& place, Scores& s, Partial<kTiles>& result)
{
    constexpr int kScores = kChunk / kSubBlock * 8;
    const int first_column = place.first + laneIndex() % 4 * 2;
    GORGON_UNROLL
    for (int r = 0; r < 2; r++) {
        result.highest[r] = kNoScore;
        result.total[r] = 0;
        result.some[r]
            = tile.position[r] >= place.first && tile.first_seen[r] < place.first + kChunk;
    }
    GORGON_UNROLL
    for (int i = 0; i < kScores; i++) {
        const int r = i / 2 % 2, position = first_column + i / 4 * 8 + i % 2;
        if (position <= tile.position[r] && position >= tile.first_seen[r])
            result.highest[r] = fmaxf(result.highest[r], s[i / 8][i / 4 % 2][i % 4]);
    }
    GORGON_UNROLL
    for (int r = 0; r < 2; r++) {
        result.highest[r] = fmaxf(result.highest[r], shuffleXor(result.highest[r], 1));
        result.highest[r] = fmaxf(result.highest[r], shuffleXor(result.highest[r], 2));
    }
    GORGON_UNROLL
    for (int i = 0; i < kScores; i++) {
        const int r = i / 2 % 2, position = first_column + i / 4 * 8 + i % 2;
        float& score = s[i / 8][i / 4 % 2][i % 4];
        const bool is_seen = position <= tile.position[r] && position >= tile.first_seen[r];
        const float weight = exp2Approx(mulRn(subRn(score, result.highest[r]), args.scale));
        score = is_seen ? weight : 0.0F;
        if constexpr (!Format::kIsScaled) // what is summed is what the values are multiplied with
            score = toFloat(fromFloat<typename Format::Weight>(score));
        result.total[r] = addRn(result.total[r], score);
    }
    GORGON_UNROLL
    for (int r = 0; r < 2; r++) {
        result.total[r] = addRn(result.total[r], shuffleXor(result.total[r], 1));
        result.total[r] = addRn(result.total[r], shuffleXor(result.total[r], 2));
    }
}

/// Weights times the scales of the values.
template <class Format>
GORGON_DEVICE void scaleWeights(const AttentionArgs& args, int kv_len, const AttentionTile& tile,
    const ChunkPlace& place, int n_direct, int n_blocks, Scores& s)
{
    GORGON_UNROLL
    for (int i = 0; i < kChunk / kSubBlock * 8; i++) {
        const int column = i / 4 * 8 + laneIndex() % 4 * 2 + i % 2;
        float& weight = s[i / 8][i / 4 % 2][i % 4];
        if (i / 8 < n_direct)
            weight = mulRn(weight, place.value_scales[column]);
    }
    const float* const scales = args.layout.value_scales + args.layout.row(tile.kv_head, 0);
    for (int block = n_direct; block < n_blocks; block++) {
        const int first = place.first + block * kSubBlock;
        for (int node = tile.first_node; node <= tile.last_node; node++) {
            float of_column[2][2];
            tailScales(
                args, kv_len, node, positionOf(args, kv_len, node), first, scales, of_column);
            GORGON_UNROLL
            for (int i = 0; i < kChunk / kSubBlock * 8; i++) {
                const bool keeps = i / 8 == block && tile.node[i / 2 % 2] == node;
                float& weight = s[i / 8][i / 4 % 2][i % 4];
                weight = keeps ? mulRn(weight, of_column[i / 4 % 2][i % 2]) : weight;
            }
        }
    }
}

/// Operands of the weights of one sub-block: the layout that mma leaves is the one that it takes.
template <class Format>
GORGON_DEVICE void packWeights(const float (&s)[2][4], uint32_t (&weights)[4])
{
    GORGON_UNROLL
    for (int i = 0; i < 4; i++)
        weights[i] = pack2<typename Format::Weight>(s[i / 2][i % 2 * 2], s[i / 2][i % 2 * 2 + 1]);
}

/// Attention of the tile to the positions of one chunk.
template <class Format, int kTiles>
GORGON_DEVICE void attendChunk(const AttentionArgs& args, int kv_len, const AttentionTile& tile,
    const ChunkPlace& place, Partial<kTiles>& result)
{
    const int reached = (tile.last_position - place.first) / kSubBlock + 1;
    const int n_blocks = reached < kChunk / kSubBlock ? reached : kChunk / kSubBlock;
    const int common = (tile.tail_begin - place.first) / kSubBlock;
    const int n_direct = common < 0 ? 0 : common < n_blocks ? common : n_blocks;

    Scores s = {};
    scoreChunk<Format>(args, kv_len, tile, place, n_direct, n_blocks, s);
    weighChunk<Format>(args, tile, place, s, result);
    if constexpr (Format::kIsScaled)
        scaleWeights<Format>(args, kv_len, tile, place, n_direct, n_blocks, s);
    uint32_t weights[kChunk / kSubBlock][4];
    GORGON_UNROLL
    for (int block = 0; block < kChunk / kSubBlock; block++)
        packWeights<Format>(s[block], weights[block]);

    GORGON_UNROLL
    for (int i = 0; i < kTiles * 4; i++)
        result.sums[i / 4][i % 4] = 0.0F;
    const int lane = laneIndex(), stride = args.shared.row_stride;
    const int value_of_lane = lane & 15, half_of_lane = lane >> 4;
    const bool all[2] = {true, true};
    GORGON_UNROLL
    for (int block = 0; block < kChunk / kSubBlock; block++) {
        if (block >= n_direct)
            continue;
        const uint8_t* const row = place.values + (block * kSubBlock + value_of_lane) * stride;
        addValues<Format, kTiles, true>(
            args, tile, weights[block], row + half_of_lane * 16, all, result.sums);
    }
    const int64_t head_row = args.layout.row(tile.kv_head, 0);
    for (int block = n_direct; block < n_blocks; block++) {
        const int first = place.first + block * kSubBlock;
        uint32_t own[4];
        GORGON_UNROLL
        for (int i = 0; i < 4; i++) {
            own[i] = weights[0][i];
            GORGON_UNROLL
            for (int b = 1; b < kChunk / kSubBlock; b++)
                own[i] = b == block ? weights[b][i] : own[i];
        }
        for (int node = tile.first_node; node <= tile.last_node; node++) {
            const int node_position = positionOf(args, kv_len, node);
            if (node_position < first)
                continue;
            if (place.is_gathered)
                gatherRows(args, kv_len, node, node_position, first, args.layout.values, head_row,
                    place.area_keys);
            const uint8_t* const row
                = tailRow(args, place, kv_len, node, node_position, first, value_of_lane,
                    place.values, place.is_gathered ? place.area_keys : place.area_values);
            const bool keeps[2] = {tile.node[0] == node, tile.node[1] == node};
            addValues<Format, kTiles, false>(
                args, tile, own, row + half_of_lane * 16, keeps, result.sums);
        }
    }
}

} // namespace gorgon::cuda
