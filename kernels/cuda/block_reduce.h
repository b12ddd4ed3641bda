// SPDX-License-Identifier: Apache-2.0
// Reductions over a block of 256 threads in a fixed tree: within the warp, then the warps in order.
// All threads call them and get the result; `shared` is used again only after a barrier of the
// caller's.
#pragma once

#include "kernels/cuda/select_tile.h"

namespace gorgon::cuda {

constexpr int kReduceThreads = 256;
constexpr int kReduceWarps = kReduceThreads / 32;

/// What the warps have, put together in their order.
template <typename T, typename Combine>
GORGON_DEVICE T foldWarps(T of_warp, T* shared, const Combine& combine)
{
    if (laneIndex() == 0)
        shared[warpIndex()] = of_warp;
    syncThreads();
    T all = shared[0];
    for (int warp = 1; warp < kReduceWarps; warp++)
        all = combine(all, shared[warp]);
    return all;
}

GORGON_DEVICE Ranked firstInBlock(Ranked ranked, Ranked* shared)
{
    return foldWarps(
        firstInWarp(ranked), shared, [](Ranked a, Ranked b) { return isBefore(b, a) ? b : a; });
}

GORGON_DEVICE float sumInBlock(float value, float* shared)
{
    return foldWarps(sumInWarp(value), shared, [](float a, float b) { return addRn(a, b); });
}

GORGON_DEVICE uint64_t largestInBlock(uint64_t value, uint64_t* shared)
{
    const auto larger = [](uint64_t a, uint64_t b) { return b > a ? b : a; };
    GORGON_UNROLL
    for (int distance = 16; distance > 0; distance /= 2)
        value = larger(value, shuffleXor(value, distance));
    return foldWarps(value, shared, larger);
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
