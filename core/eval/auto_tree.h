// SPDX-License-Identifier: Apache-2.0
// --tree auto from its beginning: what is known about a model on this machine, measured where
// nothing is, and a tree that is counted out before a first answer where one is wanted at once.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>

#include "core/eval/tree_tuner.h"

namespace gorgon {

using TuningProgress = std::function<void(int done, int total)>;

/// A tuner from the figures kept in `file`; where there are none, from a measurement, which is then
/// kept. fresh: measured in any case. Makes no tree for a model without heads or where it was
/// stopped. The session is overwritten.
TreeTuner makeTreeTuner(Engine& engine, Session& session, const std::filesystem::path& file,
    bool fresh = false, const TuningProgress& progress = {}, std::stop_token stop = {});

/// Keeps what the tuner knows by now.
void keepTuning(const std::filesystem::path& file, const Model& model, const TreeTuner& tuner);

/// Continues the prompt greedily by up to 128 tokens, two seconds of them at most where a step is
/// not slower than that, and lets the tuner count, within the `limits` of heads, ranks and nodes.
/// The session is overwritten. prompt: at least one token; the end of a long one counts.
void practise(Engine& engine, Session& session, std::span<const int> prompt,
    const GenerateSettings& limits, TreeTuner& tuner, std::stop_token stop = {});

} // namespace gorgon
