// SPDX-License-Identifier: Apache-2.0
// The product of f32 weights with f32 rows, by fused multiply-add: small models and references. The
// sum of an output and a row is one chain over a split's k in ascending order, then the splits are
// added. A thread owns one output and 4 G rows; weights and rows flow through a ring of the block.
#pragma once

#include "kernels/cuda/product_finish.h"

namespace gorgon::cuda {

constexpr int kFloatStageK = 32;
constexpr int kFloatStages = 3;
constexpr int kFloatStride = kFloatStageK + 4; // of a row in shared memory; the pad parts banks

/// Grid: tiles x splits x passes.
template <int G, typename Epilogue>
GORGON_KERNEL GORGON_LAUNCH_BOUNDS(kProductThreads, 1) void floatProductKernel(
    ProductArgs args, Epilogue epilogue)
{
    constexpr int kPieces = kFloatStageK / 4; // of 16 bytes, of a row of a stage
    constexpr int kRows = 8 * G;
    constexpr int kStageFloats = (kProductOutputs + kRows) * kFloatStride;
    static_assert(kFloatStages * kStageFloats * sizeof(float) <= kProductShared);
    auto* const ring = dynamicShared<float>();
    const ProductShare share(args);
    const auto n_stages = unsigned(args.w.stride / kFloatStageK);
    const int first = share.firstStage(n_stages, args), end = share.endStage(n_stages, args);
    const auto* const weights = reinterpret_cast<const float*>(args.w.data);
    const auto* const x = static_cast<const float*>(args.x.values);
    const CachePolicy for_weights = cachePolicy(args.use);
    const CachePolicy for_rows = cachePolicy(CacheUse::normal);

    const auto copyStage = [&](int stage, int slot) {
        float* const to = ring + slot * kStageFloats;
        const int64_t k = int64_t(stage) * kFloatStageK;
        for (int i = threadIndex(); i < (kProductOutputs + kRows) * kPieces; i += kProductThreads) {
            const int row = i / kPieces, piece = i % kPieces * 4;
            if (row < kProductOutputs) {
                const int wanted = share.tile * kProductOutputs + row;
                const int output = wanted < args.w.n_out ? wanted : args.w.n_out - 1;
                copyAsync16(to + row * kFloatStride + piece,
                    weights + output * args.w.stride + k + piece, for_weights);
            } else {
                const int of_pass = share.first_row + row - kProductOutputs;
                copyAsync16(to + row * kFloatStride + piece,
                    x + of_pass * args.x.stride + k + piece, for_rows);
            }
        }
    };

    for (int s = 0; s < kFloatStages - 1; s++) {
        if (first + s < end)
            copyStage(first + s, s);
        commitCopies();
    }
    const int output = threadIndex() % kProductOutputs;
    const int first_row = threadIndex() / kProductOutputs * (4 * G);
    float acc[4 * G] = {};
    int slot = 0, free_slot = kFloatStages - 1;
    for (int s = first; s < end; s++) {
        waitCopies<kFloatStages - 2>();
        syncThreads();
        if (s + kFloatStages - 1 < end)
            copyStage(s + kFloatStages - 1, free_slot);
        commitCopies();
        const float* const stage = ring + slot * kStageFloats;
        const float* const rows = stage + (kProductOutputs + first_row) * kFloatStride;
        for (int k = 0; k < kFloatStageK; k += 4) {
            const Words4 w = loadWords4(stage + output * kFloatStride + k);
            GORGON_UNROLL
            for (int j = 0; j < 4 * G; j++) {
                const Words4 value = loadWords4(rows + j * kFloatStride + k);
                GORGON_UNROLL
                for (int i = 0; i < 4; i++)
                    acc[j] = fmaRn(floatOfBits(w.w[i]), floatOfBits(value.w[i]), acc[j]);
            }
        }
        slot = slot + 1 < kFloatStages ? slot + 1 : 0;
        free_slot = free_slot + 1 < kFloatStages ? free_slot + 1 : 0;
    }
    waitCopies<0>();
    syncThreads();
    float* const tile = ring;
    GORGON_UNROLL
    for (int j = 0; j < 4 * G; j++)
        tile[(first_row + j) * kTileStride + output] = acc[j];
    syncThreads();
    finishTile(args, share, tile, epilogue);
}

} // namespace gorgon::cuda
