// SPDX-License-Identifier: Apache-2.0
// What attention to some positions leaves of a row: the highest score, the sum of the weights
// 2^((score - highest) scale), and the sums of weights times values. Two are merged in the order of
// their positions, wherever that happens.
#pragma once

#include "kernels/cuda/instructions.h"

namespace gorgon::cuda {

constexpr float kNoScore = -__builtin_inff();

struct Merge
{
    float highest;
    float before; // factors
    float now;
};

GORGON_DEVICE Merge mergeOf(float before, float now, float scale)
{
    const float highest = fmaxf(before, now);
    return {highest, exp2Approx(mulRn(subRn(before, highest), scale)),
        exp2Approx(mulRn(subRn(now, highest), scale))};
}
GORGON_DEVICE float merged(float before, float now, const Merge& merge)
{
    return fmaRn(now, merge.now, mulRn(before, merge.before));
}

/// Of the rows g and g + 8 of a tile of 16, in lane 4 g + t: of tile i of the columns c[0], c[1]
/// belong to row g, c[2], c[3] to row g + 8, as mma leaves them.
template <int kTiles> struct Partial
{
    bool some[2] = {}; // the row has seen a position
    float highest[2];
    float total[2];
    float sums[kTiles][4];
};

/// `now` behind `before`, for the rows that `now` is of.
template <int kTiles>
GORGON_DEVICE void mergeInto(Partial<kTiles>& before, const Partial<kTiles>& now, float scale)
{
    GORGON_UNROLL
    for (int r = 0; r < 2; r++) {
        if (!now.some[r])
            continue;
        if (!before.some[r]) {
            before.some[r] = true;
            before.highest[r] = now.highest[r];
            before.total[r] = now.total[r];
            GORGON_UNROLL
            for (int i = 0; i < kTiles; i++) {
                before.sums[i][2 * r] = now.sums[i][2 * r];
                before.sums[i][2 * r + 1] = now.sums[i][2 * r + 1];
            }
            continue;
        }
        const Merge merge = mergeOf(before.highest[r], now.highest[r], scale);
        before.highest[r] = merge.highest;
        before.total[r] = merged(before.total[r], now.total[r], merge);
        GORGON_UNROLL
        for (int i = 0; i < kTiles; i++) {
            before.sums[i][2 * r] = merged(before.sums[i][2 * r], now.sums[i][2 * r], merge);
            before.sums[i][2 * r + 1]
                = merged(before.sums[i][2 * r + 1], now.sums[i][2 * r + 1], merge);
        }
    }
}

} // namespace gorgon::cuda
