// SPDX-License-Identifier: Apache-2.0
// What the machine itself can do, measured on the spot: the yardstick of every benchmark.
#pragma once

namespace gorgon {

/// 1e9 multiply-adds a second of all threads together; 0 where the processor has no such instruction.
struct MachinePeaks
{
    double f32 = 0; // fused multiply-add
    double bf16 = 0; // dot products of bf16 pairs
    double int8 = 0; // dot products of four 8-bit values
};

/// 1e9 bytes a second read in sequence by n_threads from more memory than the caches hold; some 0.1 s.
double measureReadBandwidth(int n_threads);

/// Some 0.1 s an instruction kind.
MachinePeaks measureMultiplyAdd(int n_threads);

} // namespace gorgon
