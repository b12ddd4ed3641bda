// SPDX-License-Identifier: Apache-2.0
// What is odd about a model or heads that load nevertheless, one sentence each.
#pragma once

#include "core/model/load_plan.h"

namespace gorgon {

std::vector<std::string> loadWarnings(const std::filesystem::path& folder,
    const ModelConfig& config, const LoadPlan& plan, const Checkpoint& checkpoint);

/// Of heads that fit a model by shape.
std::vector<std::string> headsWarnings(
    const StoredHeads& heads, const ModelConfig& base, const std::filesystem::path& folder);

/// The folder that config.json beside heads names as their base, where it is there.
std::optional<std::filesystem::path> statedBaseFolder(const StoredHeads& heads);

} // namespace gorgon
