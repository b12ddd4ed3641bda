// SPDX-License-Identifier: Apache-2.0
// Trees by name: the nine published ones (built in), those beside the heads, those in a file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/decode/candidate_tree.h"

namespace gorgon {

struct Model;

/// Names of the published trees.
std::vector<std::string> treeNames();

/// A published tree by name. Throws std::invalid_argument listing the names.
TreeSpec namedTree(const std::string& name);

/// Reads a JSON list of rank paths, at most 1 MiB. Throws std::runtime_error with one sentence.
TreeSpec readTreeFile(const std::filesystem::path& path);

/// The tree that comes with the heads: medusa_choices.json beside them, else the published one for
/// the model's name, cut to the heads. No heads: no choices.
TreeSpec defaultTree(const Model& model);

} // namespace gorgon
