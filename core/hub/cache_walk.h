// SPDX-License-Identifier: Apache-2.0
// The files below a folder of the cache.
#pragma once

#include <functional>
#include <string>

#include "core/hub/cache_folder.h"

namespace gorgon {

/// Calls `visit` with the folder, the path below the start ("a/b.json") and the entry, for all that
/// is no folder. Links are entries, never followed. HubError (unsafeCache) where it nests deeper
/// than any repository may or holds more than any has.
void walkFiles(const CacheFolder& start,
    const std::function<void(const CacheFolder&, const std::string& path, const FolderEntry&)>&
        visit);

/// Removes the folder `name` and everything in it.
void removeTree(const CacheFolder& parent, const std::string& name);

} // namespace gorgon
