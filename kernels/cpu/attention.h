// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "kernels/backend.h"
#include "kernels/cpu/parallel.h"

namespace gorgon {

/// Floats of scratch that one thread needs.
size_t attentionScratchFloats(int head_dim);

/// As Backend::attention. scratch: attentionScratchFloats(head_dim) per thread of the pool.
void cpuAttention(ThreadPool& pool, float* scratch, Tensor qkv, int n_heads, int64_t window,
    const KvCache& cache, int layer, const TreeTables* tree, const StepState* state, Tensor out);

} // namespace gorgon
