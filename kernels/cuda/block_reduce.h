// SPDX-License-Identifier: Apache-2.0
// Reductions over a block of 256 threads in a fixed tree: within the warp, then the warps in order.
// All threads call them and get the result; `shared` is used again only after a barrier of the
// caller's.
#pragma once

#include "kernels/cuda/select_tile.h"

namespace gorgon::cuda {

constexpr int kReduceThreads = 256;
constexpr int kReduceWarps = kReduceThreads / 32;

GORGON_DEVICE Ranked firstInBlock(Ranked ranked, Ranked* shared)
{
    ranked = firstInWarp(ranked);
    if (laneIndex() == 0)
        shared[warpIndex()] = ranked;
    syncThreads();
    ranked = shared[0];
    for (int warp = 1; warp < kReduceWarps; warp++)
        if (isBefore(shared[warp], ranked))
            ranked = shared[warp];
    return ranked;
}

GORGON_DEVICE float sumInBlock(float value, float* shared)
{
    value = sumInWarp(value);
    if (laneIndex() == 0)
        shared[warpIndex()] = value;
    syncThreads();
    value = shared[0];
    for (int warp = 1; warp < kReduceWarps; warp++)
        value = addRn(value, shared[warp]);
    return value;
}

GORGON_DEVICE uint64_t largestInBlock(uint64_t value, uint64_t* shared)
{
    GORGON_UNROLL
    for (int distance = 16; distance > 0; distance /= 2) {
        const uint64_t other = shuffleXor(value, distance);
        value = other > value ? other : value;
    }
    if (laneIndex() == 0)
        shared[warpIndex()] = value;
    syncThreads();
    value = shared[0];
    for (int warp = 1; warp < kReduceWarps; warp++)
        value = shared[warp] > value ? shared[warp] : value;
    return value;
}

/// Sum of the values of threads 0 ... this one.
GORGON_DEVICE uint64_t prefixInBlock(uint64_t value, uint64_t* shared)
{
    GORGON_UNROLL
    for (int distance = 1; distance < 32; distance *= 2) {
        const int from = laneIndex() - distance;
        const uint64_t other = shuffle(value, from < 0 ? 0 : from);
        if (from >= 0)
            value += other;
    }
    if (laneIndex() == 31)
        shared[warpIndex()] = value;
    syncThreads();
    for (int warp = 0; warp < warpIndex(); warp++)
        value += shared[warp];
    return value;
}

} // namespace gorgon::cuda
