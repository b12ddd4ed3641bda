// SPDX-License-Identifier: Apache-2.0
// The page of a repository of heads, made from what lies beside them.
#pragma once

#include <filesystem>
#include <string>

namespace gorgon {

/// README.md for heads (or a full model) in a folder. Base and format come from the heads and their
/// config.json; accuracies from accuracy.json, speed from bench.json (as the subcommands of those
/// names write them with --json); data and recipe from training.json, an object of plain values.
/// What no file tells is said to be unknown. Throws std::runtime_error where the folder holds no
/// sound heads, or a file beside them is damaged.
std::string headsCard(const std::filesystem::path& folder, const std::string& repository);

} // namespace gorgon
