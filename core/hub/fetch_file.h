// SPDX-License-Identifier: Apache-2.0
// One file from the hub into the cache: resumed where an earlier run left off, hashed while it is
// written, given its name only when it is whole and right.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "core/hub/download.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_client.h"

namespace gorgon {

struct FetchRequest
{
    std::string repository;
    std::string revision; // what the commit was asked for as; kept in the sidecar
    std::string commit; // 40 hex digits
    std::string path;
    std::optional<uint64_t> bytes; // from the listing
    std::string etag; // from the listing; a blob of that name is used without asking
};

struct FetchProgress
{
    DownloadState state = DownloadState::downloading;
    uint64_t total_bytes = 0;
    uint64_t done_bytes = 0; // hashed
    uint64_t n_received = 0; // over the network, by this call
    int n_retries = 0;
    std::string message;
};

struct FetchedFile
{
    std::filesystem::path path; // in the snapshot
    std::string blob;
    uint64_t bytes = 0;
    uint64_t n_received = 0;
    uint64_t n_resumed = 0; // taken over from earlier runs
    bool was_cached = false;
};

/// Fetches, links the file into the snapshot and returns. Throws HubError; on a stop kind
/// `cancelled`, what was received stays for the next run.
FetchedFile fetchFile(HubClient& client, const HubCache& cache, const FetchRequest& request,
    const std::function<void(const FetchProgress&)>& on_progress = {},
    const std::stop_token& stop = {});

} // namespace gorgon
