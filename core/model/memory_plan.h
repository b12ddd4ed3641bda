// SPDX-License-Identifier: Apache-2.0
// What a model will take of a device's memory, known before anything is allocated there.
#pragma once

#include <cstdint>
#include <string>

#include "core/model/load_plan.h"

namespace gorgon {

struct MemoryNeed
{
    uint64_t weights = 0; // of the base model, angles included
    uint64_t heads = 0;
    uint64_t cache = 0; // keys and values of one conversation
    uint64_t workspace = 0; // of one engine
    uint64_t logits = 0; // rows of a step, which top-p takes
    uint64_t scratch = 0; // of the backend's operations
    uint64_t reserve = 0;

    uint64_t toWorkWith() const { return workspace + logits + scratch + reserve; }
    uint64_t total() const { return weights + heads + cache + toWorkWith(); }
};

/// What no formula knows: graphs, code of libraries that is loaded at its first use, and what
/// allocations are rounded up to.
constexpr uint64_t kDeviceReserve = uint64_t(384) << 20;

/// As loaded by `plan` with keys and values of `cache_dtype`; weights: another format of the base
/// model's matrices (heads follow where they had the same one), nothing: the plan's.
MemoryNeed memoryNeed(Backend& backend, const ModelConfig& config, const LoadPlan& plan,
    DType cache_dtype, int64_t context, std::optional<DType> weights = std::nullopt);

/// "" where it fits, else how much is missing and what would fit: "the model needs 15.1 GB on
/// cuda:0
/// (...), 11.9 GB are free, 3.2 GB too few; it fits with weights in q8 (8.0 GB) or q4 (4.6 GB)".
std::string memoryProblem(Backend& backend, const ModelConfig& config, const LoadPlan& plan,
    DType cache_dtype, int64_t context, uint64_t free_bytes);

} // namespace gorgon
