// SPDX-License-Identifier: Apache-2.0
#include "core/model/user_cache.h"

#include <cstdlib>

namespace gorgon {

std::filesystem::path userCacheFolder(std::string_view name)
{
    const char* const cache = std::getenv("XDG_CACHE_HOME");
    if (cache && cache[0] == '/')
        return std::filesystem::path(cache) / "gorgon" / name;
    const char* const home = std::getenv("HOME");
    if (home && home[0] == '/')
        return std::filesystem::path(home) / ".cache" / "gorgon" / name;
    return {};
}

} // namespace gorgon
