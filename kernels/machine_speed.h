// SPDX-License-Identifier: Apache-2.0
// What the machine itself can do, measured on the spot: the yardstick of every benchmark.
#pragma once

#include "kernels/tensor.h"

namespace gorgon {

/// 1e9 multiply-adds a second of all threads together; 0 where the processor has no such
/// instruction.
struct MachinePeaks
{
    double f32 = 0; // fused multiply-add
    double bf16 = 0; // dot products of bf16 pairs, or products of tiles of them
    double int8 = 0; // dot products of four 8-bit values, or products of tiles of them
    // How often products of bf16 weights multiply in bf16, see product.h; 0: in f32.
    int bf16_passes = 0;
    int64_t bf16_from = 0; // from this width of a matrix on

    /// Of the arithmetic that products with matrices (., n_in) of such weights use.
    double of(DType weights, int64_t n_in) const
    {
        if (isQuantized(weights) && int8 > 0)
            return int8;
        const bool in_bf16 = weights == DType::bf16 && bf16_passes > 0 && n_in >= bf16_from;
        return in_bf16 ? bf16 / bf16_passes : f32;
    }
};

/// 1e9 bytes a second read in sequence by n_threads from more memory than the caches hold; some 0.1
/// s.
double measureReadBandwidth(int n_threads);

/// Some 0.1 s an instruction kind.
MachinePeaks measureMultiplyAdd(int n_threads);

} // namespace gorgon
