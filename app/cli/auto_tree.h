// SPDX-License-Identifier: GPL-3.0-or-later
// --tree auto: the tree that is fastest here, found when the prompt is known.
#pragma once

#include <span>

#include "app/cli/program.h"
#include "core/eval/auto_tree.h"

namespace gorgon {

constexpr const char* kAutoTree = "auto";

/// "7 nodes, 3.1 tokens a step at 0.55 ms, against 0.26 ms of a plain step", or that plain decoding
/// is fastest.
std::string words(const AutoTree& found);

/// Puts the found tree into the settings where they ask for it; says so. Throws Interrupted.
void findTreeWhereAuto(GenerateSettings& settings, Engine& engine, Session& session,
    std::span<const int> prompt, Program& program);

} // namespace gorgon
