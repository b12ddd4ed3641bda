// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"
#include "kernels/cpu/parallel.h"

namespace gorgon {

/// As Backend::matmul. packed: room for x.x.rows * packedFloats(...) floats.
void cpuMatmul(ThreadPool& pool, float* packed, const Matrix& w, const ProductInput& x,
    const float* bias, Epilogue epilogue, Tensor y);

} // namespace gorgon
