// SPDX-License-Identifier: Apache-2.0
// What was measured and counted about one model on one machine, kept on disk: a file of JSON per
// checkpoint, heads, formats, processor, instruction set and number of threads.
#pragma once

#include <filesystem>
#include <optional>

#include "core/eval/cost_curve.h"
#include "core/eval/head_hits.h"

namespace gorgon {

struct KeptCosts
{
    CostCurve curve;
    std::vector<HeadHits> hits; // of each head; says nothing about any text
};

/// In userCacheFolder("costs"), say. Empty for a model that has no file: one with random weights.
std::filesystem::path costFile(const std::filesystem::path& folder, const Model& model);

/// Nothing where there is no file or it is unsound or meant for something else; never throws.
std::optional<KeptCosts> readKeptCosts(const std::filesystem::path& file, const Model& model);

/// Whether the file was written, whole or not at all. A folder that is full or forbidden costs a
/// measurement next time, nothing else.
bool keepCosts(
    const std::filesystem::path& file, const Model& model, const KeptCosts& costs) noexcept;

} // namespace gorgon
