// SPDX-License-Identifier: Apache-2.0
// What a pair will take of this machine's memory and disk, by the plan that loading follows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/hub/model_facts.h"
#include "core/pairs/pair_values.h"

namespace gorgon {

class Backend;

/// A device whose room is judged.
struct FitDevice
{
    std::shared_ptr<Backend> backend;
    std::optional<uint64_t> free_bytes; // none given: what is free now
};

/// Devices of this machine: accelerators that can be used, then the processor. Opens them, which
/// takes a moment and some memory of each: once per program, not on the window's thread.
std::vector<FitDevice> fitDevices();

/// heads: nullptr for a base alone; the base itself for a full model. context 0: what loading
/// takes. Never throws for what the facts hold.
PairFit judgeFit(const std::vector<FitDevice>& devices, const ModelFacts& base,
    const ModelFacts* heads, int64_t context = 0);

/// Lengths of context to choose from: powers of two from 1024 below what a model was made for, then
/// that itself. Empty for 0.
std::vector<int64_t> contextChoices(int64_t max_context);

/// The same for each length of context, shortest first, with every length that is beyond the model
/// taken for its most; none given: contextChoices. What is free is asked once for all. One entry
/// with its `problem` where the pair cannot be judged.
std::vector<PairFit> judgeContexts(const std::vector<FitDevice>& devices, const ModelFacts& base,
    const ModelFacts* heads, const std::vector<int64_t>& contexts = {});

/// free_bytes: where the cache lies.
DiskFit judgeDisk(const ModelFacts& base, const ModelFacts* heads, uint64_t free_bytes);

} // namespace gorgon
