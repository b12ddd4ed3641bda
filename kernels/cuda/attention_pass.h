// SPDX-License-Identifier: Apache-2.0
// What the kernels of attention agree on: the rows of one pass, how their positions are cut into
// parts, and where things lie in shared memory.
#pragma once

#include "kernels/cuda/attention.h"

namespace gorgon::cuda {

constexpr int kTileRows = 16; // queries that a warp has; query = row of the pass * group + head
constexpr int kAttentionRows = 64; // at most; more rows take several passes
constexpr int kMostAttentionWarps = 4;

/// Bytes from the start of a block's shared memory; row_stride is an odd multiple of 16, so that
/// eight rows meet no bank twice.
struct AttentionShared
{
    int query_stride = 0;
    int row_stride = 0;
    int n_stages = 1; // chunks that are there at once
    int chunks = 0; // n_stages times keys, then values: kChunk rows each
    int chunk_scales = 0; // n_stages times those of keys, then of values
    int area = 0; // area_rows keys, then as many values
    int area_rows = 0;
    int none = 0; // a row of zeros
    int total = 0;
};

struct AttentionArgs
{
    explicit AttentionArgs(const KvLayout& of)
        : layout(of)
    {
    }

    KvLayout layout;
    const float* qkv = nullptr;
    int64_t qkv_cols = 0;
    float* out = nullptr;
    int64_t out_cols = 0;
    const TreeTables* tree = nullptr;
    const StepState* state = nullptr;
    int first_row = 0; // of the pass
    int n_rows = 0;
    int group = 1; // query heads per KV head
    int64_t window = 0;
    float scale = 0; // of scores, for powers of 2
    AttentionSchedule schedule = AttentionSchedule::by_length;
    int n_blocks = 0; // of the first kernel
    int n_teams = 1; // of a block: warps that share a tile, one per half of its columns
    int n_halves = 1;
    int n_row_groups = 1; // n_teams tiles each
    AttentionShared shared;
    float* sums = nullptr; // (parts, queries of all heads, part_columns)
    float* marks = nullptr; // (parts, queries of all heads, 2): highest, total
    int part_columns = 0;
    int most_parts = 1;

    GORGON_HOST_DEVICE int queries() const { return n_rows * group; } // per KV head
};

/// The parts of a pass; the same in every thread of both kernels.
struct AttentionParts
{
    int kv_len = 0;
    int span = kChunk; // positions
    int first = 0; // in units of span
    int count = 0;
};

GORGON_DEVICE int positionOf(const AttentionArgs& args, int kv_len, int row)
{
    return kv_len + depthOf(args.tree, row);
}
/// The first position that a query at `position` sees.
GORGON_DEVICE int firstSeen(const AttentionArgs& args, int position)
{
    return position < args.window ? 0 : int(position - args.window + 1);
}

GORGON_DEVICE AttentionParts partsOf(const AttentionArgs& args)
{
    const int kv_len = args.state->kv_len;
    // Rows ascend by depth.
    const int first = firstSeen(args, positionOf(args, kv_len, args.first_row));
    const int last = positionOf(args, kv_len, args.first_row + args.n_rows - 1);
    const int n_chunks = last / kChunk - first / kChunk + 1;
    const int n_superchunks = last / kSuperchunk - first / kSuperchunk + 1;
    bool by_chunk = args.schedule == AttentionSchedule::by_chunk;
    if (args.schedule == AttentionSchedule::by_length) {
        // What is left of a chunk outweighs its keys and values where it has many queries.
        const int64_t walks = int64_t(n_superchunks) * args.layout.n_kv_heads * args.n_row_groups;
        by_chunk = walks * (args.queries() <= kTileRows ? 1 : 4) < 2 * int64_t(args.n_blocks);
    }
    if (by_chunk && n_chunks <= args.most_parts)
        return {kv_len, kChunk, first / kChunk, n_chunks};
    return {kv_len, kSuperchunk, first / kSuperchunk, n_superchunks};
}

} // namespace gorgon::cuda
