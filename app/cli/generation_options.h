// SPDX-License-Identifier: GPL-3.0-or-later
// The options that say how text is made.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/cli/program.h"
#include "core/decode/generate_settings.h"
#include "core/model/model.h"

namespace gorgon {

struct GenerationOptions
{
    int max_tokens = 512;
    double temperature = 0;
    double top_p = 1;
    std::string acceptance; // empty: greedy at temperature 0, exact above
    double posterior_threshold = 0.09;
    double posterior_alpha = 0.3;
    std::string typical_root = "sample";
    std::optional<int> num_heads;
    int head_top_k = 10;
    std::string tree = "default";
    std::vector<std::string> stop;
    bool ignore_eos = false;
};

void addGenerationOptions(CLI::App& command, GenerationOptions& options);
void addTreeOption(CLI::App& command, std::string& tree);
/// option: "--tree ", in front of what is wrong with the file.
TreeSpec readTreeOption(const char* option, const std::string& file);

/// Everything but the tree. Throws UsageError.
GenerateSettings makeSettings(const GenerationOptions& options, std::optional<uint64_t> seed);

/// Throws UsageError where the name can be no tree; needs no model.
void checkTreeName(const std::string& tree);
/// The tree that --tree names for this model: published ones are cut to its heads, one of a file
/// that they cannot fill is refused, "auto" has no choices yet, and a model without heads decodes
/// plainly. Throws UsageError or std::runtime_error.
TreeSpec chooseTree(const std::string& tree, const Model& model, int top_k);
/// Settings for this model, the tree included.
GenerateSettings makeSettings(
    const GenerationOptions& options, std::optional<uint64_t> seed, const Model& model);

/// What the heads and limits leave of the tree: its name, or "none".
std::string usedTree(const GenerateSettings& settings, const Model& model);

} // namespace gorgon
