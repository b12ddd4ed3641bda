// SPDX-License-Identifier: GPL-3.0-or-later
// Results of a generation as the command line prints them.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/decode/engine.h"

namespace gorgon {

nlohmann::ordered_json statsJson(const GenerateStats& stats, const Model& model,
    const GenerateSettings& settings, const std::string& tree);

/// "64 tokens in 20 steps (3.20 a step), 41.2 tokens/s, prompt 12 tokens in 3 ms, seed 7".
std::string statsLine(const GenerateResult& result);

/// Acceptance as it is used: at temperature 0 everything is greedy.
const char* usedAcceptance(const GenerateSettings& settings);

} // namespace gorgon
