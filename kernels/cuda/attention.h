// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "kernels/backend.h"
#include "kernels/cuda/kv_layout.h"
#include "kernels/cuda/runtime.h"

namespace gorgon::cuda {

/// Who walks what; no choice changes a bit of the result.
enum class AttentionSchedule : uint8_t
{
    by_length, // one of the others, decided on the device
    by_chunk, // a block takes one chunk of a head at a time, the rest is merged behind it
    by_superchunk, // a block walks a superchunk and merges on the way
};

/// What attention needs beside its arguments; fixed for a device and a cache.
struct AttentionPlace
{
    void* scratch = nullptr; // attentionScratchBytes of the largest cache
    size_t scratch_bytes = 0;
    int n_multiprocessors = 1;
    size_t shared_limit = kSharedOfEvery; // bytes that a block may have
    AttentionSchedule schedule = AttentionSchedule::by_length;
};

/// For a cache of this many slots. head_dim: even, at most kMostHeadDim.
size_t attentionScratchBytes(int n_heads, int head_dim, int64_t capacity);

/// As Backend::attention.
void enqueueAttention(Stream& stream, const AttentionPlace& place, Tensor qkv, int n_heads,
    int64_t window, const KvCache& cache, int layer, const TreeTables* tree, const StepState* state,
    Tensor out);

} // namespace gorgon::cuda
