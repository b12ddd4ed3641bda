// SPDX-License-Identifier: Apache-2.0
// The product of weights of 16, 8 or 4 bits with up to 64 rows a pass, on tensor cores. A block
// computes 128 outputs: warp w half w / 4 of them and, of each 128 k, the quarter w % 4. Weights
// flow through a ring of the warp's own: no barrier in the main loop. G: groups of 8 rows that run
// side by side.
//
// The sum of an output and a row is the same for every G, m and neighbour:
//   16 bits: acc = two mma onto acc, over the 32 k of a warp in a stage
//   q8, q4: blk = two mma from 0; acc = fma(scale, blk, acc), in q4 onto fma(-minimum, sum of x,
//   acc) over the stages of a split in ascending k; then the quarters ((0 + 1) + 2) + 3; then the
//   splits.
// Tensor cores cut sums off instead of rounding them, up to 2^-23 of a sum each time;
// kMostChainStages bounds how often that happens to a sum of 16-bit weights.
#pragma once

#include "kernels/cuda/product_finish.h"
#include "kernels/cuda/product_formats.h"

namespace gorgon::cuda {

/// The rows' operands of one stage, of the groups of 8: x[j] is replaced by that of the next stage
/// as soon as it has been used, in ascending j.
template <int G, bool kHasSums> struct RowOperands
{
    const uint16_t* values; // of the next load: row g, quarter, 8 t
    const float* sums; // rows 2 t, 2 t + 1 of the quarter
    int64_t group_stride; // elements
    int64_t stage_step; // from the last group to the first one of the next stage
    Words4 x[G];
    float sum[G][2];

    GORGON_DEVICE RowOperands(
        const ProductRows& rows, int first_row, const LanePart& part, int first_stage)
        : values(static_cast<const uint16_t*>(rows.values) + (first_row + part.g()) * rows.stride
            + part.quarter * 32 + part.t() * 8 + int64_t(first_stage) * kStageK)
        , sums(kHasSums ? rows.sums + (4 * first_stage + part.quarter) * kInputRows + first_row
                      + 2 * part.t()
                        : nullptr)
        , group_stride(8 * rows.stride)
        , stage_step(kStageK - (G - 1) * group_stride)
    {
    }
    /// One pointer walks over the groups: a pointer for each would take the registers of the sums.
    GORGON_DEVICE void load(int group)
    {
        x[group] = loadWords4(values);
        values = walk(values, group + 1 < G ? group_stride : stage_step);
        if constexpr (kHasSums) {
            const Words2 both = loadWords2(sums + group * 8);
            sum[group][0] = floatOfBits(both.w[0]);
            sum[group][1] = floatOfBits(both.w[1]);
            if (group + 1 == G)
                sums += 4 * kInputRows;
        }
    }
};

// With more groups the rows of a stage stay in registers while tiles of weights pass, otherwise the
// reverse. The sums are the same.
constexpr int kMostGroupsOutside = 4;

/// 16 outputs and 8 rows over the 32 k of a warp.
template <typename Format>
GORGON_DEVICE void multiplyTile(
    float (&acc)[4], const typename Format::Tile& tile, const Words4& x, const float (&sums)[2])
{
    const uint32_t b[2][2] = {{x.w[0], x.w[1]}, {x.w[2], x.w[3]}};
    if constexpr (Format::kHasScales) {
        float blk[4] = {};
        mma16816<typename Format::Element>(blk, tile.a[0], b[0]);
        mma16816<typename Format::Element>(blk, tile.a[1], b[1]);
        tile.fold(acc, blk, sums);
    } else {
        mma16816<typename Format::Element>(acc, tile.a[0], b[0]);
        mma16816<typename Format::Element>(acc, tile.a[1], b[1]);
    }
}

/// Sums of the block's k, its warps' quarters added in order; tile: see kTileStride.
template <int G>
GORGON_DEVICE void addQuarters(
    const float (&acc)[kWarpTiles][G][4], const LanePart& part, float* tile)
{
    for (int quarter = 0; quarter < 4; quarter++) {
        syncThreads();
        if (part.quarter != quarter)
            continue;
        GORGON_UNROLL
        for (int r = 0; r < kWarpTiles; r++) {
            GORGON_UNROLL
            for (int j = 0; j < G; j++) {
                GORGON_UNROLL
                for (int i = 0; i < 4; i++) {
                    float* const to = tile + (8 * j + 2 * part.t() + i % 2) * kTileStride
                        + part.half * 64 + 16 * r + part.g() + i / 2 * 8;
                    *to = quarter == 0 ? acc[r][j][i] : addRn(*to, acc[r][j][i]);
                }
            }
        }
    }
    syncThreads();
}

/// Grid: tiles x splits x passes. Two blocks of up to 16 rows fit a multiprocessor.
template <typename Format, int G, typename Epilogue>
GORGON_KERNEL GORGON_LAUNCH_BOUNDS(kProductThreads, G == 2 ? 2 : 1) void productKernel(
    ProductArgs args, Epilogue epilogue)
{
    constexpr int kStages = Format::kStages;
    static_assert(size_t(kStages * Format::kWarpBytes * 8) <= kProductShared);
    auto* const shared = dynamicShared<unsigned char>();
    const ProductShare share(args);
    const LanePart part{share.tile, warpIndex() / 4, warpIndex() % 4, laneIndex()};
    const auto n_stages = unsigned(stagesOf(args.w.n_in));
    const int first = share.firstStage(n_stages, args), end = share.endStage(n_stages, args);
    const typename Format::Source source(args.w, part, cachePolicy(args.use));
    unsigned char* const ring = shared + warpIndex() * (kStages * Format::kWarpBytes);

    GORGON_UNROLL
    for (int s = 0; s < kStages - 1; s++) {
        if (first + s < end)
            source.copy(ring + s * Format::kWarpBytes, first + s);
        commitCopies();
    }
    // Weights depend on nothing: they are on their way while the rows are made.
    waitForPredecessor();
    RowOperands<G, Format::kHasSums> rows(args.x, share.first_row, part, first);
    float acc[kWarpTiles][G][4] = {};
    GORGON_UNROLL
    for (int j = 0; j < G; j++)
        rows.load(j);

    int slot = 0, free_slot = kStages - 1;
    const auto copyAhead = [&](int stage) {
        if (stage + kStages - 1 < end)
            source.copy(ring + free_slot * Format::kWarpBytes, stage + kStages - 1);
        commitCopies();
    };
    GORGON_NO_UNROLL
    for (int s = first; s < end; s++) {
        waitCopies<kStages - 2>();
        if constexpr (Format::kIsShared)
            syncWarp();
        const typename Format::Operands operands(ring + slot * Format::kWarpBytes, part.lane);
        if constexpr (G <= kMostGroupsOutside) {
            typename Format::Tile tiles[kWarpTiles];
            GORGON_UNROLL
            for (int r = 0; r < kWarpTiles; r++)
                tiles[r] = operands.tile(r);
            copyAhead(s);
            GORGON_UNROLL
            for (int j = 0; j < G; j++) {
                GORGON_UNROLL
                for (int r = 0; r < kWarpTiles; r++)
                    multiplyTile<Format>(acc[r][j], tiles[r], rows.x[j], rows.sum[j]);
                rows.load(j);
            }
        } else {
            copyAhead(s);
            GORGON_UNROLL
            for (int r = 0; r < kWarpTiles; r++) {
                partSchedule(args.n_rows == -1 - r);
                const typename Format::Tile tile = operands.tile(r);
                GORGON_UNROLL
                for (int j = 0; j < G; j++) {
                    if (Format::kHasSums && j == G / 2)
                        partSchedule(args.n_rows == -1 - kWarpTiles - r);
                    multiplyTile<Format>(acc[r][j], tile, rows.x[j], rows.sum[j]);
                    if (r == kWarpTiles - 1)
                        rows.load(j);
                }
            }
        }
        slot = slot + 1 < kStages ? slot + 1 : 0;
        free_slot = free_slot + 1 < kStages ? free_slot + 1 : 0;
    }
    waitCopies<0>();
    auto* const tile = reinterpret_cast<float*>(shared);
    addQuarters<G>(acc, part, tile);
    finishTile(args, share, tile, epilogue);
}

} // namespace gorgon::cuda
