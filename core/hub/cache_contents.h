// SPDX-License-Identifier: Apache-2.0
// A repository's folder in the cache, read once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/hub/hub_cache.h"

namespace gorgon {

struct CacheContents
{
    std::map<std::string, uint64_t> blobs; // sizes by name; unfinished ones left out
    std::map<std::string, std::vector<std::string>> refs; // by commit
    InstalledModel model;
};

/// One part that cannot be read hides no other: the model's `problem` names the first.
CacheContents readContents(const CacheFolder& folder, const std::string& repository);

} // namespace gorgon
