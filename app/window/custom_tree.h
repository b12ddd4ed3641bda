// SPDX-License-Identifier: GPL-3.0-or-later
// A tree that someone pasted as JSON.
#pragma once

#include "core/decode/candidate_tree.h"

#include <QString>

namespace gorgon {

/// Reads a list of rank paths, [[0], [0, 0], [1]], into `tree`. Returns one sentence where it is
/// none.
QString readCustomTree(const QString& text, TreeSpec& tree);

} // namespace gorgon
