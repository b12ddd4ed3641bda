// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace gorgon {

/// $XDG_CACHE_HOME/gorgon/NAME, else ~/.cache/gorgon/NAME; empty where neither is known. What lies
/// there may be removed at any time.
std::filesystem::path userCacheFolder(std::string_view name);

} // namespace gorgon
