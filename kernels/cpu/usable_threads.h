// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace gorgon {

/// Processors that the quota of this process's control group (version 1 or 2) and of the groups
/// above it allows, rounded down, at least 1; 0 where there is no quota. Files below `root`: "/"
/// but for tests.
int cgroupThreads(const std::filesystem::path& root);

} // namespace gorgon
