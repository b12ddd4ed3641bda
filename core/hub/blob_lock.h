// SPDX-License-Identifier: Apache-2.0
// The lock that the hub's own tools take while they fetch a blob. Advice: it saves fetching twice,
// nothing goes wrong without it.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "core/hub/hub_cache.h"

namespace gorgon {

/// Waits while another program holds it, as long as that one gets on or for a minute; ends early
/// when `is_there` says that the blob has come. HubError (cancelled) on a stop.
OpenFile takeBlobLock(const HubCache& cache, const std::string& repository,
    const CacheFolder& blobs, const std::string& blob, const std::function<bool()>& is_there,
    const std::function<void()>& on_wait, const std::stop_token& stop);

} // namespace gorgon
