// SPDX-License-Identifier: Apache-2.0
// How a download begins and ends: which files, whether they fit, and what makes them count.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/hub/download_job.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_client.h"

namespace gorgon {

/// What to fetch, and of which commit; asks the hub. Throws HubError, as all of these do.
std::vector<JobFile> planFiles(HubClient& client, const HubCache& cache,
    const DownloadRequest& request, std::string& commit, const std::stop_token& stop);

/// Where anything is missing: writes the wish down, and checks that all of it fits on the disk
/// beside `bytes_of_others`, which other downloads still write.
void rememberPlan(const HubCache& cache, const DownloadRequest& request,
    const std::vector<JobFile>& files, const std::function<uint64_t()>& bytes_of_others);

/// Gives the revision its commit where all files are there. They and their names are on the disk
/// for certain before the wish is forgotten.
void finishFiles(const HubCache& cache, const DownloadRequest& request, const std::string& commit,
    const std::vector<std::string>& paths);

} // namespace gorgon
