// SPDX-License-Identifier: Apache-2.0
// Asks the hub for the facts of a repository: some requests and some kilobytes, whatever its size.
#pragma once

#include <stop_token>
#include <string>

#include "core/hub/hub_cache.h"
#include "core/hub/hub_client.h"
#include "core/hub/model_facts.h"

namespace gorgon {

/// Throws HubError; small files that a licence keeps back are a sentence in `unread` instead. What
/// the cache has is read from there.
ModelFacts readFacts(HubClient& client, const HubCache& cache, const std::string& repository,
    const std::string& revision = "main", const std::stop_token& stop = {});

} // namespace gorgon
