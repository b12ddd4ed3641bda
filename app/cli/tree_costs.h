// SPDX-License-Identifier: GPL-3.0-or-later
// gorgon-cli tree costs: what a step costs here by its nodes, and what has been counted of the
// heads.
#pragma once

#include "app/cli/program.h"

namespace gorgon {

void addTreeCosts(CLI::App& tree, Program& program);

} // namespace gorgon
