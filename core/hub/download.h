// SPDX-License-Identifier: Apache-2.0
// Downloads as plain values: what was asked for and how far it is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/hub/hub_error.h"

namespace gorgon {

enum class DownloadState
{
    queued,
    preparing, // asking the hub what there is
    checking, // hashing what an earlier run left
    downloading,
    waiting, // for the next try, or for another program that fetches the same file
    paused,
    done,
    failed,
    cancelled,
};

/// "downloading"
std::string_view downloadStateName(DownloadState state);

struct DownloadRequest
{
    std::string repository;
    std::string revision = "main";
    /// Only these files; empty: what chooseFiles takes.
    std::vector<std::string> paths;

    bool operator==(const DownloadRequest&) const = default;
};

struct FileProgress
{
    std::string path;
    uint64_t bytes = 0;
    uint64_t done_bytes = 0; // hashed and written; was here before counts
    DownloadState state = DownloadState::queued;
};

struct DownloadProgress
{
    int64_t id = 0;
    DownloadRequest request;
    std::string commit; // empty until it is known
    DownloadState state = DownloadState::queued;
    std::vector<FileProgress> files;
    uint64_t total_bytes = 0;
    uint64_t done_bytes = 0;
    double bytes_per_second = 0; // of the last seconds; falls to 0 when nothing arrives
    std::optional<double> left_s;
    int n_retries = 0;
    std::string message; // why it waits, is slow or is paused; empty otherwise
    std::optional<HubErrorInfo> error; // of paused and failed ones
    std::filesystem::path folder; // of the snapshot, when done
};

} // namespace gorgon
