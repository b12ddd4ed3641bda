// SPDX-License-Identifier: GPL-3.0-or-later
// What there is to pull: the catalogue of the program, then the hub's own search.
#pragma once

#include "app/cli/program.h"

namespace gorgon {

/// Prints what matches all of the words. Returns the exit status.
int searchHub(const std::string& words, bool json, const Program& program);

} // namespace gorgon
