// SPDX-License-Identifier: Apache-2.0
// What rows become between products. The bits of a value depend on its row alone.
#pragma once

#include "kernels/cuda/instructions.h"

namespace gorgon::cuda {

constexpr float kLog2OfE = 1.44269504F;
constexpr int kRowThreads = 256; // of a block that norms one row

/// Over the lanes of a warp, in a fixed tree.
GORGON_DEVICE float sumOfWarp(float x)
{
    for (int mask = 16; mask > 0; mask /= 2)
        x = addRn(x, shuffleXor(x, mask));
    return x;
}

/// 1 / sqrt(mean + eps), the mean that of n squares.
GORGON_DEVICE float normScale(float squares, int64_t n, float eps)
{
    return divRn(1.0F, sqrtRn(addRn(divRn(squares, float(n)), eps)));
}

/// 1 / sqrt(mean(x^2) + eps) of a row, by the kRowThreads threads of a block. partial: (kRowThreads
/// / 32) in shared memory.
GORGON_DEVICE float rmsScale(const float* x, int64_t n, float eps, float* partial)
{
    float squares = 0;
    for (int64_t k = threadIndex(); k < n; k += kRowThreads)
        squares = fmaRn(x[k], x[k], squares);
    squares = sumOfWarp(squares);
    if (laneIndex() == 0)
        partial[warpIndex()] = squares;
    syncThreads();
    squares = partial[0];
    for (int warp = 1; warp < kRowThreads / kWarp; warp++)
        squares = addRn(squares, partial[warp]);
    return normScale(squares, n, eps);
}

GORGON_DEVICE float normed(float x, float scale, float weight)
{
    return mulRn(mulRn(x, scale), weight);
}

/// g / (1 + e^-g); the bound keeps e^-g finite where the quotient is 0 to f32 anyway. NaN stays.
GORGON_DEVICE float silu(float g)
{
    const float bounded = g < -88.0F ? -88.0F : g;
    return divRn(g, addRn(1.0F, exp2Approx(mulRn(bounded, -kLog2OfE))));
}

} // namespace gorgon::cuda
