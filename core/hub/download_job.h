// SPDX-License-Identifier: Apache-2.0
// One download within the queue: its values, and what of it is being done. Guarded by the queue's
// mutex.
#pragma once

#include <chrono>
#include <stop_token>
#include <vector>

#include "core/hub/download.h"
#include "core/hub/fetch_file.h"
#include "core/hub/transfer_speed.h"

namespace gorgon {

struct JobFile
{
    FetchRequest request;
    FileProgress progress;
    bool is_running = false;
    uint64_t n_received = 0; // by the running call
    int n_retries = 0;
    std::string message;
};

/// The next piece of work on a download.
enum class DownloadWork
{
    none, // nothing, or nothing before others are done
    prepare,
    fetch,
    finish,
};

struct DownloadJob
{
    DownloadProgress values; // snapshot() fills in files and sums, once `files` are known
    std::vector<JobFile> files;
    TransferSpeed speed;
    std::stop_source stop;
    int n_running = 0; // pieces of work
    bool is_prepared = false; // `files` are known
    bool is_preparing = false;
    int n_retries = 0; // of files that are over

    bool isActive() const;
    bool isOver() const; // done, failed or cancelled
    /// The next file to fetch; nullptr where none is left or all are being fetched.
    JobFile* nextFile();
    bool isComplete() const;
    DownloadWork nextWork();
    /// Asks the hub anew before anything else.
    void forgetFiles() { is_prepared = false; }
    void end(DownloadState state, const std::optional<HubErrorInfo>& error = {});
    void begin();
    /// A call's progress into its file.
    void note(
        JobFile& file, const FetchProgress& progress, std::chrono::steady_clock::time_point now);

    DownloadProgress snapshot(std::chrono::steady_clock::time_point now) const;
};

} // namespace gorgon
