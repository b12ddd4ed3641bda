// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers of the command line, read as people mean them.
#pragma once

#include <CLI/CLI.hpp>

namespace gorgon {

/// Refuses what the parser lets through: nothing for 0, -1 for a large seed, 010 for 8, and whole
/// numbers beyond 64 bits for the largest one. For the options and subcommands that are there now.
void checkNumbers(CLI::App& command);

} // namespace gorgon
