// SPDX-License-Identifier: Apache-2.0
// The links of snapshots: "../../blobs/HASH", one more "../" for each folder of the path.
#pragma once

#include <optional>
#include <string>

#include "core/hub/cache_folder.h"

namespace gorgon {

std::string linkToBlob(const std::string& path, const std::string& blob);

/// The blob that the link `name` in `folder` leads to; nullopt where it is no such link, whatever
/// else it leads to. path: of the file below the snapshot.
std::optional<std::string> blobOfLink(
    const CacheFolder& folder, const std::string& name, const std::string& path);

} // namespace gorgon
