// SPDX-License-Identifier: Apache-2.0
// Whether what is still to be fetched fits on the disk.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/hub/cache_folder.h"

namespace gorgon {

/// Bytes that have yet to be written for these blobs (sizes by hash), beside what lies unfinished.
uint64_t missingBytes(const CacheFolder& blobs, const std::map<std::string, uint64_t>& sizes);

/// HubError (diskFull) where `bytes` more do not fit beside `others`, which running downloads still
/// write.
void checkRoom(
    const CacheFolder& folder, const std::string& what, uint64_t bytes, uint64_t others = 0);

} // namespace gorgon
