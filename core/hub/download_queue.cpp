// SPDX-License-Identifier: Apache-2.0
#include "core/hub/download_queue.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "core/hub/download_job.h"
#include "core/hub/download_plan.h"
#include "core/hub/download_wishes.h"
#include "core/hub/hub_names.h"

namespace gorgon {

namespace {

constexpr int kMaxThreads = 16;

/// Error of whatever was thrown.
HubErrorInfo caughtError(const std::string& what)
{
    try {
        throw;
    } catch (const HubError& error) {
        return error.info();
    } catch (const std::exception& error) {
        return hubErrorInfo(HubErrorKind::diskFailed, what + ": " + error.what());
    }
}

} // namespace

struct DownloadQueue::State
{
    Options options;
    HubCache cache;
    mutable std::mutex mutex;
    mutable std::condition_variable_any changed;
    std::map<int64_t, std::shared_ptr<DownloadJob>> jobs;
    int64_t last_id = 0;
    bool is_ending = false;
    std::vector<std::thread> workers;

    explicit State(Options chosen)
        : options(std::move(chosen))
        , cache(options.context->settings.cache)
    {
    }

    std::chrono::steady_clock::time_point now() const { return std::chrono::steady_clock::now(); }

    /// Tells the owner, outside of the lock.
    void tell(std::unique_lock<std::mutex>& lock, const DownloadJob& job)
    {
        changed.notify_all();
        if (!options.on_change)
            return;
        const DownloadProgress values = job.snapshot(now());
        lock.unlock();
        options.on_change(values);
        lock.lock();
    }

    void work();
    bool hasWork() const;
    void prepare(DownloadJob& job, HubClient& client, std::unique_lock<std::mutex>& lock);
    void fetch(DownloadJob& job, size_t i, HubClient& client, std::unique_lock<std::mutex>& lock);
    void finish(DownloadJob& job, std::unique_lock<std::mutex>& lock);
    void settle(DownloadJob& job, std::unique_lock<std::mutex>& lock);
    void fail(DownloadJob& job, const HubErrorInfo& error);
    void clean(const DownloadJob& job, std::unique_lock<std::mutex>& lock) const;
    uint64_t bytesOfOthers(const DownloadRequest& request) const;
};

bool DownloadQueue::State::hasWork() const
{
    return std::any_of(jobs.begin(), jobs.end(),
        [](const auto& each) { return each.second->nextWork() != DownloadWork::none; });
}

/// What the other downloads that run will still write.
uint64_t DownloadQueue::State::bytesOfOthers(const DownloadRequest& request) const
{
    const std::lock_guard guard(mutex);
    uint64_t sum = 0;
    for (const auto& [id, job] : jobs)
        if (job->isActive() && job->values.request != request)
            for (const JobFile& file : job->files)
                sum += file.progress.bytes
                    - std::min(file.progress.bytes, file.progress.done_bytes);
    return sum;
}

void DownloadQueue::State::fail(DownloadJob& job, const HubErrorInfo& error)
{
    if (!job.isActive() || error.kind == HubErrorKind::cancelled)
        return; // stopped, perhaps resumed since, or another file said it first
    // A full disk is no failure of the download: it goes on once there is room.
    job.end(error.kind == HubErrorKind::diskFull ? DownloadState::paused : DownloadState::failed,
        error);
}

void DownloadQueue::State::prepare(
    DownloadJob& job, HubClient& client, std::unique_lock<std::mutex>& lock)
{
    job.is_preparing = true;
    const DownloadRequest request = job.values.request;
    const std::stop_token stop = job.stop.get_token();
    tell(lock, job);
    lock.unlock();
    std::string commit;
    std::vector<JobFile> files;
    std::optional<HubErrorInfo> error;
    try {
        files = planFiles(client, cache, request, commit, stop);
        rememberPlan(cache, request, files, [&] { return bytesOfOthers(request); });
    } catch (...) {
        error = caughtError(request.repository);
    }
    lock.lock();
    job.is_preparing = false;
    if (error) {
        fail(job, *error);
        return;
    }
    job.is_prepared = true;
    job.files = std::move(files);
    job.values.commit = commit;
    changed.notify_all();
}

void DownloadQueue::State::fetch(
    DownloadJob& job, size_t i, HubClient& client, std::unique_lock<std::mutex>& lock)
{
    JobFile& file = job.files[i]; // note: the list does not change once it is there
    file.is_running = true;
    file.n_received = 0;
    file.n_retries = 0;
    file.progress.state = DownloadState::downloading;
    const FetchRequest request = file.request;
    const std::stop_token stop = job.stop.get_token();
    lock.unlock();
    std::optional<HubErrorInfo> error;
    std::optional<FetchedFile> fetched;
    try {
        fetched = fetchFile(
            client, cache, request,
            [&](const FetchProgress& progress) {
                const std::lock_guard guard(mutex);
                job.note(file, progress, now());
            },
            stop);
    } catch (...) {
        error = caughtError(request.path);
    }
    lock.lock();
    file.is_running = false;
    job.n_retries += std::exchange(file.n_retries, 0);
    file.message.clear();
    if (fetched) {
        file.progress.state = DownloadState::done;
        file.progress.bytes = file.progress.done_bytes = fetched->bytes;
        return;
    }
    file.progress.state = DownloadState::queued;
    fail(job, *error);
}

void DownloadQueue::State::finish(DownloadJob& job, std::unique_lock<std::mutex>& lock)
{
    const DownloadRequest request = job.values.request;
    const std::string commit = job.values.commit;
    std::vector<std::string> paths;
    for (const JobFile& file : job.files)
        paths.push_back(file.progress.path);
    std::optional<HubErrorInfo> error;
    lock.unlock();
    try {
        finishFiles(cache, request, commit, paths);
    } catch (...) {
        error = caughtError(request.repository);
    }
    lock.lock();
    if (error) {
        fail(job, *error);
    } else if (job.isActive()) {
        job.values.folder
            = cache.root() / cacheFolderName(request.repository) / "snapshots" / commit;
        job.end(DownloadState::done);
    }
}

/// Called when a piece of work is over.
void DownloadQueue::State::settle(DownloadJob& job, std::unique_lock<std::mutex>& lock)
{
    if (job.values.state == DownloadState::cancelled && job.n_running == 0)
        clean(job, lock);
    if (job.n_running == 0 || job.isOver())
        tell(lock, job);
    changed.notify_all();
}

/// Removes what a cancelled download left, but for what another one wants.
void DownloadQueue::State::clean(const DownloadJob& job, std::unique_lock<std::mutex>& lock) const
{
    const DownloadRequest request = job.values.request;
    std::vector<DownloadRequest> others;
    std::set<std::string> blobs;
    for (const auto& [id, other] : jobs) {
        if (other.get() == &job || other->values.state == DownloadState::cancelled
            || other->values.state == DownloadState::done)
            continue;
        if (other->values.request == request)
            return; // asked for again meanwhile
        others.push_back(other->values.request);
        for (const JobFile& file : other->files)
            blobs.insert(file.request.etag);
    }
    lock.unlock();
    try {
        discardWish(cache, request, [&](const PartialRecord& record) {
            return blobs.contains(record.etag)
                || std::any_of(others.begin(), others.end(),
                    [&](const DownloadRequest& other) { return isOf(other, record); });
        });
    } catch (const HubError&) {
        // What could not be removed is found by the next download of that file.
    }
    lock.lock();
}

void DownloadQueue::State::work()
{
    std::optional<HubClient> client;
    std::unique_lock lock(mutex);
    for (;;) {
        changed.wait(lock, [&] { return is_ending || hasWork(); });
        if (is_ending)
            return;
        if (!client) {
            client.emplace(options.context, options.clock);
            continue; // others may have taken it meanwhile
        }
        for (const auto& [id, each] : jobs) {
            const std::shared_ptr<DownloadJob> job = each; // it may be forgotten meanwhile
            const DownloadWork next = job->nextWork();
            if (next == DownloadWork::none)
                continue;
            ++job->n_running;
            if (next == DownloadWork::prepare)
                prepare(*job, *client, lock);
            else if (next == DownloadWork::fetch)
                fetch(*job, size_t(job->nextFile() - job->files.data()), *client, lock);
            else
                finish(*job, lock);
            --job->n_running;
            settle(*job, lock);
            break;
        }
    }
}

DownloadQueue::DownloadQueue(Options options)
    : m_state(std::make_shared<State>(std::move(options)))
{
    for (DownloadProgress& each : std::exchange(m_state->options.former, {})) {
        const auto job = std::make_shared<DownloadJob>();
        job->n_retries = each.n_retries;
        job->values = std::move(each);
        if (job->isActive())
            job->begin();
        job->values.bytes_per_second = 0;
        job->values.left_s.reset();
        m_state->last_id = std::max(m_state->last_id, job->values.id);
        m_state->jobs.emplace(job->values.id, job);
    }
    const int n = std::clamp(m_state->options.context->settings.n_parallel_files, 1, kMaxThreads);
    for (int i = 0; i < n; ++i)
        m_state->workers.emplace_back([state = m_state.get()] { state->work(); });
}

DownloadQueue::~DownloadQueue()
{
    {
        const std::lock_guard lock(m_state->mutex);
        m_state->is_ending = true;
        for (const auto& [id, job] : m_state->jobs)
            if (job->isActive())
                job->end(DownloadState::paused);
        m_state->changed.notify_all();
    }
    for (std::thread& worker : m_state->workers)
        worker.join();
}

int64_t DownloadQueue::add(const DownloadRequest& request)
{
    checkRepository(request.repository);
    checkRevision(request.revision);
    for (const std::string& path : request.paths)
        checkPath(path);
    std::unique_lock lock(m_state->mutex);
    for (const auto& [id, job] : m_state->jobs)
        if (job->values.request == request && !job->isOver())
            return id;
    const int64_t id = ++m_state->last_id;
    const auto job = std::make_shared<DownloadJob>();
    job->values.id = id;
    job->values.request = request;
    m_state->jobs.emplace(id, job);
    m_state->tell(lock, *job);
    return id;
}

void DownloadQueue::pause(int64_t id)
{
    std::unique_lock lock(m_state->mutex);
    const auto found = m_state->jobs.find(id);
    if (found == m_state->jobs.end() || !found->second->isActive())
        return;
    found->second->end(DownloadState::paused);
    m_state->tell(lock, *found->second);
}

void DownloadQueue::resume(int64_t id)
{
    std::unique_lock lock(m_state->mutex);
    const auto found = m_state->jobs.find(id);
    if (found == m_state->jobs.end())
        return;
    const std::shared_ptr<DownloadJob> job = found->second;
    if (job->values.state != DownloadState::paused && job->values.state != DownloadState::failed)
        return;
    if (job->values.state == DownloadState::failed)
        job->forgetFiles(); // what was there may be gone
    job->begin();
    m_state->tell(lock, *job);
}

void DownloadQueue::cancel(int64_t id)
{
    std::unique_lock lock(m_state->mutex);
    const auto found = m_state->jobs.find(id);
    if (found == m_state->jobs.end() || found->second->values.state == DownloadState::done
        || found->second->values.state == DownloadState::cancelled)
        return;
    const std::shared_ptr<DownloadJob> job = found->second;
    job->end(DownloadState::cancelled);
    if (job->n_running == 0)
        m_state->settle(*job, lock);
    else
        m_state->tell(lock, *job);
}

void DownloadQueue::forget(int64_t id)
{
    const std::lock_guard lock(m_state->mutex);
    const auto found = m_state->jobs.find(id);
    if (found != m_state->jobs.end() && found->second->isOver())
        m_state->jobs.erase(found);
}

std::vector<DownloadProgress> DownloadQueue::list() const
{
    const std::lock_guard lock(m_state->mutex);
    std::vector<DownloadProgress> all;
    for (const auto& [id, job] : m_state->jobs)
        all.push_back(job->snapshot(m_state->now()));
    return all;
}

std::optional<DownloadProgress> DownloadQueue::progress(int64_t id) const
{
    const std::lock_guard lock(m_state->mutex);
    const auto found = m_state->jobs.find(id);
    if (found == m_state->jobs.end())
        return std::nullopt;
    return found->second->snapshot(m_state->now());
}

DownloadProgress DownloadQueue::wait(int64_t id, const std::stop_token& stop) const
{
    std::unique_lock lock(m_state->mutex);
    const auto found = m_state->jobs.find(id);
    if (found == m_state->jobs.end())
        return {};
    const std::shared_ptr<DownloadJob> job = found->second;
    m_state->changed.wait(lock, stop, [&] { return !job->isActive() && job->n_running == 0; });
    return job->snapshot(m_state->now());
}

std::vector<DownloadRequest> DownloadQueue::unfinished() const
{
    return findWishes(m_state->cache);
}

} // namespace gorgon
