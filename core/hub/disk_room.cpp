// SPDX-License-Identifier: Apache-2.0
#include "core/hub/disk_room.h"

#include <algorithm>

#include "core/hub/hub_error.h"
#include "core/hub/partial_file.h"

namespace gorgon {

uint64_t missingBytes(const CacheFolder& blobs, const std::map<std::string, uint64_t>& sizes)
{
    std::map<std::string, uint64_t> written;
    for (const FoundPartial& partial : findPartials(blobs)) {
        uint64_t& longest = written[partial.record.etag];
        longest = std::max(longest, partial.bytes);
    }
    uint64_t sum = 0;
    for (const auto& [blob, bytes] : sizes) {
        const auto found = written.find(blob);
        sum += bytes - (found == written.end() ? 0 : std::min(bytes, found->second));
    }
    return sum;
}

void checkRoom(const CacheFolder& folder, const std::string& what, uint64_t bytes, uint64_t others)
{
    const uint64_t free = folder.freeBytes();
    if (bytes == 0 || (free >= bytes && free - bytes >= others))
        return;
    const uint64_t missing = bytes + others - free;
    HubErrorInfo info = hubErrorInfo(HubErrorKind::diskFull,
        what + ": " + byteCount(bytes) + " more were expected to fit on the disk of "
            + printable(folder.path().string(), 300) + ", " + byteCount(free) + " are free"
            + (others > 0 ? ", " + byteCount(others) + " of them for downloads that run" : "")
            + "; free " + byteCount(missing) + ", then go on");
    info.needed_bytes = missing;
    throw HubError(std::move(info));
}

} // namespace gorgon
