// SPDX-License-Identifier: Apache-2.0
#include "core/hub/snapshot_link.h"

#include <algorithm>

#include "core/hub/hub_names.h"

namespace gorgon {

std::string linkToBlob(const std::string& path, const std::string& blob)
{
    std::string target;
    for (auto n = std::count(path.begin(), path.end(), '/'); n > 0; --n)
        target += "../";
    return target + "../../blobs/" + blob;
}

std::optional<std::string> blobOfLink(
    const CacheFolder& folder, const std::string& name, const std::string& path)
{
    const auto target = folder.readLink(name);
    const std::string start = linkToBlob(path, "");
    if (!target || !target->starts_with(start))
        return std::nullopt;
    std::string blob = target->substr(start.size());
    // Other tools name a blob by whatever ETag a mirror gave.
    if (blob.find('/') != blob.npos || pathProblem(blob))
        return std::nullopt;
    return blob;
}

} // namespace gorgon
