// SPDX-License-Identifier: Apache-2.0
// What runs of this program left in the cache when they were ended between two steps.
#pragma once

#include "core/hub/hub_cache.h"

namespace gorgon {

/// Removes from a repository's folder, and from the root itself, new files that never got their
/// name (an hour old or more), unfinished blobs that are there whole by now, and remarks on blobs
/// that are gone. Only what this program names so.
void removeLeftOvers(const HubCache& cache, const std::string& repository);

} // namespace gorgon
