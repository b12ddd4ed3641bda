// SPDX-License-Identifier: Apache-2.0
// Bytes that the cache has under another name, where the file system has no links.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "core/hub/hub_cache.h"

namespace gorgon {

/// A file of any snapshot of the repository, itself and no link, of that size and hash; open, at
/// its beginning. `on_bytes`: while it hashes. HubError (cancelled) on a stop.
std::optional<OpenFile> findPlainCopy(const HubCache& cache, const std::string& repository,
    const std::string& etag, uint64_t bytes, const std::function<void()>& on_bytes,
    const std::stop_token& stop);

/// Piece by piece from where the file is; false where it cannot be read or `take` wants no more.
bool readAll(const OpenFile& file, const std::function<bool(std::span<const std::byte>)>& take);

} // namespace gorgon
