// SPDX-License-Identifier: Apache-2.0
// Moves planned tensors from their files into a backend, a block of rows at a time.
#pragma once

#include <stop_token>

#include "core/model/load_plan.h"
#include "core/model/weights_cache.h"

namespace gorgon {

class WeightLoader
{
public:
    WeightLoader(Backend& backend, uint64_t total_bytes, const LoadCallback& on_progress,
        std::stop_token stop);

    /// Quantized matrices come from this cache or go into it; nullptr: neither.
    void useCache(WeightsCache* cache) { m_cache = cache; }
    /// Says what comes next: "model.layers.3".
    void begin(const std::string& what);
    /// Empty where the plan is empty. Throws LoadCancelled once the stop token is triggered,
    /// WeightsCacheUnusable.
    Matrix matrix(const PlannedMatrix& plan);
    Buffer vector(const PlannedVector& plan);

private:
    using BlockReader = std::function<void(int64_t first, int64_t n, DType stored)>;

    /// Reads the rows of a matrix into m_block, a block at a time.
    void readRows(const PlannedMatrix& plan, const BlockReader& use);
    void matrixFromCache(const PlannedMatrix& plan, Matrix& matrix);
    void advance(uint64_t bytes);

    Backend& m_backend;
    const LoadCallback& m_on_progress;
    std::stop_token m_stop;
    WeightsCache* m_cache = nullptr;
    LoadProgress m_progress;
    std::vector<std::byte> m_block; // at most kBlockBytes, or one row
};

} // namespace gorgon
