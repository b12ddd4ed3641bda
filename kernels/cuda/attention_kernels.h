// SPDX-License-Identifier: Apache-2.0
// The kernels of attention. A fixed grid takes items (part, KV head, row group), counted from the
// cache length in device memory; what several parts leave of a query is merged by a second kernel.
#pragma once

#include "kernels/cuda/attention_tile.h"

namespace gorgon::cuda {

/// The work of a block at hand.
struct AttentionItem
{
    int part = 0; // from 0
    int kv_head = 0;
    int first_query = 0;
    int last_node = 0; // of the block's queries
    int first_chunk = 0;
    int end_chunk = 0;
    int staged_end = 0; // positions from here on are not read from the chunk
    int area_first = 0; // slot
    int area_count = 0; // 0: no tail here
};

GORGON_DEVICE AttentionItem itemOf(
    const AttentionArgs& args, const AttentionParts& parts, int number)
{
    AttentionItem item;
    const int row_group = number % args.n_row_groups;
    const int rest = number / args.n_row_groups;
    item.kv_head = rest % args.layout.n_kv_heads;
    item.part = parts.count - 1 - rest / args.layout.n_kv_heads; // those with tails first
    item.first_query = row_group * args.n_teams * kTileRows;
    const int end_query = item.first_query + args.n_teams * kTileRows;
    const int last_query = (end_query < args.queries() ? end_query : args.queries()) - 1;
    item.last_node = args.first_row + last_query / args.group;
    const int first_node = args.first_row + item.first_query / args.group;
    const int first = firstSeen(args, positionOf(args, parts.kv_len, first_node));
    const int last = positionOf(args, parts.kv_len, item.last_node);

    const int unit = parts.span / kChunk, begin = (parts.first + item.part) * unit;
    item.first_chunk = begin > first / kChunk ? begin : first / kChunk;
    const int end = begin + unit;
    item.end_chunk = end < last / kChunk + 1 ? end : last / kChunk + 1;
    item.staged_end = last + 1;
    if (args.tree) {
        item.area_first = parts.kv_len / kSubBlock * kSubBlock;
        item.staged_end = item.area_first;
        if (item.end_chunk * kChunk > item.area_first)
            item.area_count = parts.kv_len - item.area_first + item.last_node + 1;
    }
    return item;
}

/// Copies n_rows from `first_row` on, by all threads of the block.
GORGON_DEVICE void stageRows(const AttentionArgs& args, const uint8_t* from, int64_t first_row,
    int n_rows, uint8_t* to, CachePolicy policy)
{
    const int pieces = args.layout.row_bytes / 16;
    const int rows_on = blockThreads() / pieces, pieces_on = blockThreads() % pieces;
    const uint8_t* const source = from + first_row * args.layout.row_bytes;
    int row = threadIndex() / pieces, piece = threadIndex() % pieces;
    while (row < n_rows) {
        copyAsync16(to + row * args.shared.row_stride + piece * 16,
            source + row * args.layout.row_bytes + piece * 16, policy);
        row += rows_on;
        piece += pieces_on;
        if (piece >= pieces) {
            piece -= pieces;
            row++;
        }
    }
}

/// Begins the copies of one chunk, keys and values.
template <class Format>
GORGON_DEVICE void stageChunk(const AttentionArgs& args, const AttentionItem& item, int chunk,
    uint8_t* shared, CachePolicy policy)
{
    const int first = chunk * kChunk, stage = (chunk - item.first_chunk) % args.shared.n_stages;
    const int left = item.staged_end - first;
    const int n_rows = left < 0 ? 0 : left < kChunk ? left : kChunk;
    const int64_t row = args.layout.row(item.kv_head, first);
    uint8_t* const keys = shared + args.shared.chunks + stage * 2 * kChunk * args.shared.row_stride;
    stageRows(args, args.layout.keys, row, n_rows, keys, policy);
    stageRows(
        args, args.layout.values, row, n_rows, keys + kChunk * args.shared.row_stride, policy);
    if constexpr (Format::kIsScaled) {
        auto* const scales
            = reinterpret_cast<float*>(shared + args.shared.chunk_scales) + stage * 2 * kChunk;
        if (n_rows > 0)
            for (int i = threadIndex(); i < 2 * kChunk / 4; i += blockThreads())
                copyAsync16(scales + i * 4,
                    i < kChunk / 4 ? args.layout.key_scales + row + i * 4
                                   : args.layout.value_scales + row + i * 4 - kChunk,
                    policy);
    }
}

/// The queries of one tile, as 16-bit rows; by the warps of a team.
template <class Format>
GORGON_DEVICE void loadQueries(
    const AttentionArgs& args, const AttentionTile& tile, int thread, int n_threads, uint8_t* to)
{
    const int left = args.queries() - tile.first_query;
    const int n = left < kTileRows ? left : kTileRows; // the others' results are not kept
    const int pairs = args.layout.row_bytes / Format::kElementBytes / 2;
    for (int i = thread; i < n * pairs; i += n_threads) {
        const int r = i / pairs, d = i % pairs * 2, query = tile.first_query + r;
        float x[2] = {0, 0};
        if (d < args.layout.head_dim) {
            const int head = tile.kv_head * args.group + query % args.group;
            const float* const row
                = args.qkv + (args.first_row + query / args.group) * args.qkv_cols;
            x[0] = row[head * args.layout.head_dim + d];
            x[1] = row[head * args.layout.head_dim + d + 1];
        }
        auto* const row = reinterpret_cast<uint16_t*>(to + r * args.shared.query_stride);
        GORGON_UNROLL
        for (int k = 0; k < 2; k++)
            row[Format::queryPlace(d + k)] = queryBits<typename Format::Score>(x[k]);
    }
}

GORGON_DEVICE AttentionTile tileOf(const AttentionArgs& args, int kv_len, const AttentionItem& item,
    int team, int half, int tiles_of_half)
{
    AttentionTile tile;
    tile.kv_head = item.kv_head;
    tile.first_query = item.first_query + team * kTileRows;
    tile.first_tile = half * tiles_of_half;
    GORGON_UNROLL
    for (int r = 0; r < 2; r++) {
        const int query = tile.first_query + laneIndex() / 4 + r * 8;
        const bool exists = query < args.queries();
        tile.node[r] = exists ? args.first_row + query / args.group : -1;
        tile.position[r] = exists ? positionOf(args, kv_len, tile.node[r]) : -1;
        tile.first_seen[r] = exists ? firstSeen(args, tile.position[r]) : 0;
    }
    if (tile.first_query >= args.queries())
        return tile;
    const int end = tile.first_query + kTileRows;
    const int last = (end < args.queries() ? end : args.queries()) - 1;
    tile.first_node = args.first_row + tile.first_query / args.group;
    tile.last_node = args.first_row + last / args.group;
    tile.last_position = positionOf(args, kv_len, tile.last_node);
    const int common = args.tree ? kv_len : positionOf(args, kv_len, tile.first_node) + 1;
    tile.tail_begin = common / kSubBlock * kSubBlock;
    return tile;
}

/// What a tile leaves of a part: the output where there is no other part.
template <class Format, int kTiles>
GORGON_DEVICE void storePart(const AttentionArgs& args, const AttentionParts& parts,
    const AttentionItem& item, const AttentionTile& tile, const Partial<kTiles>& partial)
{
    const int head_dim = args.layout.head_dim;
    GORGON_UNROLL
    for (int r = 0; r < 2; r++) {
        if (!partial.some[r])
            continue;
        const int query = tile.first_query + laneIndex() / 4 + r * 8;
        float* to;
        float share = 1;
        if (parts.count == 1) {
            to = args.out + tile.node[r] * args.out_cols
                + (item.kv_head * args.group + query % args.group) * head_dim;
            share = divRn(1.0F, partial.total[r]);
        } else {
            const int64_t row
                = int64_t(item.part * args.layout.n_kv_heads + item.kv_head) * args.queries()
                + query;
            to = args.sums + row * head_dim;
            if (tile.first_tile == 0 && laneIndex() % 4 == 0) {
                args.marks[row * 2] = partial.highest[r];
                args.marks[row * 2 + 1] = partial.total[r];
            }
        }
        GORGON_UNROLL
        for (int i = 0; i < kTiles * 2; i++) {
            const int d = Format::columnOf(tile.first_tile + i / 2, laneIndex() % 4 * 2 + i % 2);
            const float sum = partial.sums[i / 2][r * 2 + i % 2];
            if (d < head_dim)
                to[d] = parts.count == 1 ? mulRn(sum, share) : sum;
        }
    }
}

/// Grid: any; block: a warp per tile and half of its columns; shared: args.shared.total.
template <class Format, int kTiles>
GORGON_KERNEL void GORGON_LAUNCH_BOUNDS(kMostAttentionWarps* kWarp, 1)
    attendKernel(AttentionArgs args)
{
    waitForPredecessor();
    uint8_t* const shared = dynamicShared<uint8_t>();
    const AttentionShared& at = args.shared;
    const AttentionParts parts = partsOf(args);
    const CachePolicy policy = cachePolicy(CacheUse::normal);
    const int team = warpIndex() / args.n_halves, half = warpIndex() % args.n_halves;
    for (int i = threadIndex(); i < at.row_stride / 4; i += blockThreads())
        reinterpret_cast<uint32_t*>(shared + at.none)[i] = 0;

    const int n_items = parts.count * args.layout.n_kv_heads * args.n_row_groups;
    for (int number = blockIndex(); number < n_items; number += blockCount()) {
        const AttentionItem item = itemOf(args, parts, number);
        if (item.first_chunk >= item.end_chunk)
            continue; // the windows of these rows begin behind it, or they end before
        AttentionTile tile = tileOf(args, parts.kv_len, item, team, half, kTiles);
        uint8_t* const queries = shared + team * kTileRows * at.query_stride;
        tile.queries = queries;
        if (tile.last_node >= 0)
            loadQueries<Format>(
                args, tile, half * kWarp + laneIndex(), args.n_halves * kWarp, queries);
        const bool is_gathered = item.area_count > at.area_rows;
        if (item.area_count > 0 && !is_gathered) {
            const int64_t row = args.layout.row(item.kv_head, item.area_first);
            uint8_t* const area = shared + at.area;
            stageRows(args, args.layout.keys, row, item.area_count, area, policy);
            stageRows(args, args.layout.values, row, item.area_count,
                area + at.area_rows * at.row_stride, policy);
        }
        stageChunk<Format>(args, item, item.first_chunk, shared, policy);
        commitCopies();

        Partial<kTiles> all;
        for (int chunk = item.first_chunk; chunk < item.end_chunk; chunk++) {
            const bool is_ahead = at.n_stages > 1 && chunk + 1 < item.end_chunk;
            if (is_ahead) {
                stageChunk<Format>(args, item, chunk + 1, shared, policy);
                commitCopies();
                waitCopies<1>();
            } else {
                waitCopies<0>();
            }
            syncThreads();
            ChunkPlace place;
            place.first = chunk * kChunk;
            if (tile.last_node >= 0 && place.first <= tile.last_position
                && place.first + kChunk
                    > firstSeen(args, positionOf(args, parts.kv_len, tile.first_node)))
            {
                const int stage = (chunk - item.first_chunk) % at.n_stages;
                place.keys = shared + at.chunks + stage * 2 * kChunk * at.row_stride;
                place.values = place.keys + kChunk * at.row_stride;
                place.key_scales
                    = reinterpret_cast<const float*>(shared + at.chunk_scales) + stage * 2 * kChunk;
                place.value_scales = place.key_scales + kChunk;
                place.area_keys = shared + at.area
                    + (is_gathered ? warpIndex() * kSubBlock * at.row_stride : 0);
                place.area_values = place.area_keys + at.area_rows * at.row_stride;
                place.area_first = item.area_first;
                place.is_gathered = is_gathered;
                place.none = shared + at.none;
                Partial<kTiles> now;
                attendChunk<Format, kTiles>(args, parts.kv_len, tile, place, now);
                mergeInto(all, now, args.scale);
            }
            syncThreads(); // before its place is used again
            if (at.n_stages == 1 && chunk + 1 < item.end_chunk) {
                stageChunk<Format>(args, item, chunk + 1, shared, policy);
                commitCopies();
            }
        }
        if (tile.last_node >= 0)
            storePart<Format, kTiles>(args, parts, item, tile, all);
    }
}

/// One column of one query, of some of its parts.
struct PartialColumn
{
    bool some = false;
    float highest = 0;
    float total = 0;
    float sum = 0;
};

GORGON_DEVICE void mergeInto(PartialColumn& before, const PartialColumn& now, float scale)
{
    if (!before.some) {
        before = now;
        return;
    }
    const Merge merge = mergeOf(before.highest, now.highest, scale);
    before.highest = merge.highest;
    before.total = merged(before.total, now.total, merge);
    before.sum = merged(before.sum, now.sum, merge);
}

/// A warp merges the parts of 32 columns of one query. Grid: kMostAttentionWarps of these a block.
GORGON_KERNEL void GORGON_LAUNCH_BOUNDS(kMostAttentionWarps* kWarp, 1)
    mergePartsKernel(AttentionArgs args)
{
    waitForPredecessor();
    const AttentionParts parts = partsOf(args);
    const int head_dim = args.layout.head_dim, n_strips = (head_dim + kWarp - 1) / kWarp;
    const int number = blockIndex() * kMostAttentionWarps + warpIndex();
    const int row = number / n_strips; // (KV head, query)
    const int d = number % n_strips * kWarp + laneIndex();
    const int n_rows = args.layout.n_kv_heads * args.queries();
    if (parts.count == 1 || row >= n_rows || d >= head_dim)
        return;
    const int query = row % args.queries(), node = args.first_row + query / args.group;
    const int position = positionOf(args, parts.kv_len, node);
    const int first = firstSeen(args, position) / parts.span - parts.first;
    const int last = position / parts.span - parts.first;

    PartialColumn superchunk, all;
    for (int part = first; part <= last; part++) {
        const int64_t at = int64_t(part) * n_rows + row;
        const PartialColumn now{
            true, args.marks[at * 2], args.marks[at * 2 + 1], args.sums[at * head_dim + d]};
        mergeInto(superchunk, now, args.scale);
        const int next = (parts.first + part + 1) * parts.span;
        if (part == last || next % kSuperchunk == 0) {
            mergeInto(all, superchunk, args.scale);
            superchunk.some = false;
        }
    }
    const int head = row / args.queries() * args.group + query % args.group;
    args.out[node * args.out_cols + head * head_dim + d] = mulRn(all.sum, divRn(1.0F, all.total));
}

} // namespace gorgon::cuda
