// SPDX-License-Identifier: Apache-2.0
// What is to be downloaded, written beside it, so that it can be continued by another run.
#pragma once

#include <vector>

#include "core/hub/download.h"
#include "core/hub/hub_cache.h"

namespace gorgon {

/// Of a repository, without its name.
std::string toJsonText(const std::vector<DownloadRequest>& requests);
/// Unsound ones are left out.
std::vector<DownloadRequest> parseWishes(std::string_view text, const std::string& repository);

void rememberWish(const HubCache& cache, const DownloadRequest& request);
void forgetWish(const HubCache& cache, const DownloadRequest& request);
/// Of all repositories; also of those of which only a sidecar is left.
std::vector<DownloadRequest> findWishes(const HubCache& cache);

} // namespace gorgon
