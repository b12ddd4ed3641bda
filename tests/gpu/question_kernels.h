// SPDX-License-Identifier: Apache-2.0
// Kernels that ask a device what it is: how fast it reads, what its tensor cores do with
// neighbours, what a launch costs.
#pragma once

#include <vector>

#include "kernels/cuda/runtime.h"

namespace gorgon::gpu {

/// Reads n_bytes (a multiple of 16) once; out: 4 bytes.
void enqueueRead(cuda::Stream& stream, const void* data, size_t n_bytes, int n_blocks, void* out);

/// One product of tensor cores, 16 x 16 by 16 x 8, of 16-bit bit patterns, row-major; c, d: f32
/// (16, 8).
void enqueueTiles(cuda::Stream& stream, bool is_bf16, int n_tiles, int n_each, const uint16_t* a,
    const uint16_t* b, const float* c, float* d);

void enqueueNothing(cuda::Stream& stream);

} // namespace gorgon::gpu
