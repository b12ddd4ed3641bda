// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/backend.h"
#include "kernels/cpu/parallel.h"

namespace gorgon {

constexpr int kSlabColumns = 128; // tokens whose logits a thread holds at once
constexpr int kBins = 1024;

struct Candidate
{
    float logit;
    int32_t token;
};

/// The order of top-k and top-p: by logit, ties by id.
inline bool isBefore(const Candidate& a, const Candidate& b)
{
    return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
}

/// What one slab of the vocabulary says about each row. Merged in ascending order of slabs, so that
/// sums do not depend on which thread took which slab.
struct SlabSummary
{
    float max[kMaxNodes];
    float z[kMaxNodes]; // sum of e^t, t = (l - max) / T
    float s[kMaxNodes]; // sum of t e^t
    float best[kMaxNodes]; // of l / T + noise
    float best_logit[kMaxNodes];
    int32_t argmax[kMaxNodes];
    int32_t best_token[kMaxNodes];
};

struct TopList
{
    int32_t count;
    Candidate entries[kMaxTopK]; // best first
};

struct SelectThreadScratch
{
    alignas(64) float logits[kMaxNodes * kSlabColumns];
    float noise[(kMaxDepth + 1) * kSlabColumns]; // by depth
    float weights[kSlabColumns];
    TopList top[kMaxHeads];
    double bins[kBins];
};

/// Sized when the largest matrix is made.
struct SelectScratch
{
    float* packed = nullptr; // rows of x, see product.h
    SlabSummary* slabs = nullptr; // ceil(n_out / kSlabColumns)
    int32_t* child_of_slab = nullptr; // first node whose token lies in the slab; -1: none
    SelectThreadScratch* threads = nullptr; // one per thread
    Candidate* sorted = nullptr; // n_out per thread
    int64_t n_out = 0;
};

/// As the operations of Backend.
void cpuProject(ThreadPool& pool, const SelectScratch& scratch, const Matrix& w, Tensor x,
    const TreeTables* tree, StepState* state, Tensor logits);
void cpuRestrictDraws(ThreadPool& pool, const SelectScratch& scratch, Tensor logits,
    const TreeTables* tree, StepState* state);
void cpuTopK(ThreadPool& pool, const SelectScratch& scratch, const Matrix& w, Tensor x,
    int first_head, int k, StepState* state);

/// The noise of tokens [first, first + n); first is a multiple of 4, n of 64.
void cpuNoise(uint64_t seed, uint32_t position, uint32_t first, int n, float* out);

/// 1 / T, or 1 where every draw is the arg-max. note: a temperature below 1e-6 counts as 0: logits
/// divided by it could leave the range of f32.
inline bool isArgmaxTemperature(float temperature)
{
    return !(temperature >= 1e-6F);
}
inline float inverseTemperature(float temperature)
{
    return isArgmaxTemperature(temperature) ? 1.0F : 1.0F / temperature;
}

} // namespace gorgon
