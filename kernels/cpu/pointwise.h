// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"
#include "kernels/cpu/parallel.h"

namespace gorgon {

/// As the operations of Backend.
void cpuRmsNorm(ThreadPool& pool, Tensor x, const float* weight, float eps, Tensor y);
void cpuSiluMul(ThreadPool& pool, Tensor gate_up, Tensor h);
void cpuAddSilu(ThreadPool& pool, Tensor h, Tensor x, Tensor y);
void cpuRopeAndStore(ThreadPool& pool, Tensor qkv, int n_heads, const HeadNorms& norms,
    const RopeTable& rope, KvCache& cache, int layer, const TreeTables* tree,
    const StepState* state);

} // namespace gorgon
