// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/runtime.h"

namespace gorgon::cuda {

/// As the operations of Backend.
void enqueueRopeAndStore(Stream& stream, Tensor qkv, int n_heads, const HeadNorms& norms,
    const RopeTable& rope, KvCache& cache, int layer, const TreeTables* tree,
    const StepState* state);
void enqueueCommit(Stream& stream, KvCache& cache, StepState* state);
void enqueueAdvance(Stream& stream, StepState* state, int n);

/// One slot of one layer as (n_kv_heads, head_dim) floats each, to device memory.
void enqueueReadKv(
    Stream& stream, const KvCache& cache, int layer, int64_t slot, float* k, float* v);

} // namespace gorgon::cuda
