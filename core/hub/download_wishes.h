// SPDX-License-Identifier: Apache-2.0
// What is to be downloaded, written beside it, so that it can be continued by another run.
#pragma once

#include <functional>
#include <vector>

#include "core/hub/download.h"
#include "core/hub/hub_cache.h"
#include "core/hub/partial_file.h"

namespace gorgon {

/// Of a repository, without its name.
std::string toJsonText(const std::vector<DownloadRequest>& requests);
/// Unsound ones are left out.
std::vector<DownloadRequest> parseWishes(std::string_view text, const std::string& repository);

void rememberWish(const HubCache& cache, const DownloadRequest& request);
void forgetWish(const HubCache& cache, const DownloadRequest& request);
/// Forgets it, and removes the unfinished files of it that no other wish and not `is_wanted` names.
void discardWish(const HubCache& cache, const DownloadRequest& request,
    const std::function<bool(const PartialRecord&)>& is_wanted = {});
/// Whether an unfinished file belongs to what was asked for.
bool isOf(const DownloadRequest& request, const PartialRecord& record);
/// Of all repositories; also of unfinished files that no wish names.
std::vector<DownloadRequest> findWishes(const HubCache& cache);

} // namespace gorgon
