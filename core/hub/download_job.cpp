// SPDX-License-Identifier: Apache-2.0
#include "core/hub/download_job.h"

#include <algorithm>

namespace gorgon {

bool DownloadJob::isActive() const
{
    return !isOver() && values.state != DownloadState::paused;
}

bool DownloadJob::isOver() const
{
    return values.state == DownloadState::done || values.state == DownloadState::failed
        || values.state == DownloadState::cancelled;
}

JobFile* DownloadJob::nextFile()
{
    for (JobFile& file : files)
        if (!file.is_running && file.progress.state != DownloadState::done)
            return &file;
    return nullptr;
}

bool DownloadJob::isComplete() const
{
    return is_prepared && std::all_of(files.begin(), files.end(), [](const JobFile& file) {
        return file.progress.state == DownloadState::done;
    });
}

DownloadWork DownloadJob::nextWork()
{
    if (!isActive() || is_preparing)
        return DownloadWork::none;
    if (!is_prepared) // what still runs has a file of the former list
        return n_running == 0 ? DownloadWork::prepare : DownloadWork::none;
    if (nextFile())
        return DownloadWork::fetch;
    return isComplete() && n_running == 0 ? DownloadWork::finish : DownloadWork::none;
}

void DownloadJob::end(DownloadState state, const std::optional<HubErrorInfo>& error)
{
    values.state = state;
    values.error = error;
    values.message = error ? error->message : "";
    stop.request_stop();
    speed.clear();
}

void DownloadJob::begin()
{
    stop = std::stop_source();
    values.state = DownloadState::queued;
    values.error.reset();
    values.message.clear();
}

void DownloadJob::note(
    JobFile& file, const FetchProgress& progress, std::chrono::steady_clock::time_point now)
{
    if (progress.n_received > file.n_received)
        speed.add(progress.n_received - file.n_received, now);
    file.n_received = progress.n_received;
    file.n_retries = progress.n_retries;
    file.message = progress.message;
    file.progress.state = progress.state;
    file.progress.bytes = std::max(file.progress.bytes, progress.total_bytes);
    file.progress.done_bytes = progress.done_bytes;
}

DownloadProgress DownloadJob::snapshot(std::chrono::steady_clock::time_point now) const
{
    DownloadProgress result = values;
    result.n_retries = n_retries;
    if (!files.empty()) {
        result.files.clear();
        result.total_bytes = result.done_bytes = 0;
    }
    bool has_moving = false, has_checking = false, has_waiting = false;
    for (const JobFile& file : files) {
        result.files.push_back(file.progress);
        result.total_bytes += file.progress.bytes;
        result.done_bytes += file.progress.done_bytes;
        result.n_retries += file.n_retries;
        if (!file.is_running)
            continue;
        has_moving |= file.progress.state == DownloadState::downloading;
        has_checking |= file.progress.state == DownloadState::checking;
        has_waiting |= file.progress.state == DownloadState::waiting;
        if (file.progress.state == DownloadState::waiting && result.message.empty())
            result.message = file.message;
    }
    if (isActive() && n_running > 0)
        result.state = has_moving ? DownloadState::downloading
            : has_checking        ? DownloadState::checking
            : has_waiting         ? DownloadState::waiting
            : is_preparing        ? DownloadState::preparing
                                  : DownloadState::downloading;
    result.bytes_per_second = isActive() ? speed.at(now) : 0;
    if (result.bytes_per_second > 0 && result.total_bytes > 0)
        result.left_s = double(result.total_bytes - std::min(result.total_bytes, result.done_bytes))
            / result.bytes_per_second;
    return result;
}

} // namespace gorgon
