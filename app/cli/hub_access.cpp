// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/hub_access.h"

#include <iostream>
#include <mutex>
#include <set>
#include <thread>
#include <unistd.h>

#include "app/cli/download_bar.h"
#include "core/hub/choose_files.h"
#include "core/hub/download_queue.h"
#include "core/hub/hub_cache.h"

namespace gorgon {

namespace {

constexpr auto kLook = std::chrono::milliseconds(100);

/// What was told once, from whichever thread.
struct Said
{
    std::mutex mutex;
    std::set<std::string> texts;
};

/// Whether a snapshot in the cache holds what a model or heads take.
bool isWhole(const HubCache& cache, const std::string& repository, const std::string& commit)
{
    const auto model = cache.model(repository);
    if (!model)
        return false;
    for (const InstalledSnapshot& snapshot : model->snapshots) {
        if (snapshot.commit != commit)
            continue;
        std::vector<RemoteFile> files;
        for (const InstalledFile& file : snapshot.files)
            if (!file.is_missing)
                files.push_back({file.path, file.bytes, {}, {}});
        return chooseFiles(files).problem.empty();
    }
    return false;
}

} // namespace

std::shared_ptr<const HttpContext> openHub(const Program& program, uint64_t bytes_per_second)
{
    HubSettings settings = readHubSettings();
    if (!settings.token_problem.empty())
        program.note(settings.token_problem);
    settings.user_agent = "gorgon/" GORGON_VERSION;
    settings.bytes_per_second = bytes_per_second;
    const auto context = makeHttpContext(std::move(settings));
    const auto said = std::make_shared<Said>();
    context->on_warning = [&program, said](const std::string& warning) {
        const std::lock_guard lock(said->mutex);
        if (said->texts.insert(warning).second)
            program.note("the hub says: " + warning);
    };
    context->on_request = [&program](const HttpLogEntry& entry) {
        program.detail(entry.method + " " + entry.url
            + (entry.range.empty() ? "" : " (" + entry.range + ")") + ": "
            + (entry.error.empty() ? std::to_string(entry.status) : entry.error) + ", "
            + byteCount(entry.n_bytes));
    };
    return context;
}

HubAddress hubAddress(const std::string& text)
{
    auto address = parseHubAddress(text, readHubSettings().endpoint);
    if (!address)
        throw UsageError(
            text + ": expected ORG/NAME or the address of a model's page, found something else");
    if (address->revision.empty())
        address->revision = "main";
    return *address;
}

DownloadProgress download(
    const DownloadRequest& request, const Program& program, uint64_t bytes_per_second)
{
    DownloadQueue queue({.context = openHub(program, bytes_per_second), .on_change = {}});
    const int64_t id = queue.add(request);
    DownloadBar bar(program, request.repository);
    for (;;) {
        const DownloadProgress now = *queue.progress(id);
        bar.show(now);
        if (now.state == DownloadState::done)
            return now;
        if (now.state == DownloadState::failed || now.state == DownloadState::paused) {
            bar.end();
            throw std::runtime_error(
                now.error ? now.error->message : request.repository + ": it was paused");
        }
        if (program.interrupt.requested()) {
            queue.pause(id);
            queue.wait(id);
            bar.end();
            program.note(
                request.repository + ": stopped; the next pull goes on where this one ended");
            throw Interrupted();
        }
        std::this_thread::sleep_for(kLook);
    }
}

bool askYes(const std::string& question)
{
    if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1)
        return false;
    std::fprintf(stderr, "%s [y/N] ", oneLine(question).c_str());
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

std::optional<std::filesystem::path> modelOnDisk(const NamedModel& model, const Program& program)
{
    std::error_code error;
    if (std::filesystem::exists(model.name, error))
        return model.name;
    const auto address = parseHubAddress(model.name, readHubSettings().endpoint);
    if (!address || address->repository.find('/') == std::string::npos)
        return std::nullopt;
    const HubSettings settings = readHubSettings();
    const HubCache cache(settings.cache);
    const std::string revision = address->revision.empty() ? "main" : address->revision;
    const auto commit = cache.commit(address->repository, revision);
    const auto folder = commit ? cache.snapshot(address->repository, *commit) : std::nullopt;
    if (folder && (!model.needs_weights || isWhole(cache, address->repository, *commit)))
        return folder;
    const std::string what = model.option + " " + model.name
        + (folder ? ": its weights are not in the cache"
                  : ": neither a path nor a model in the cache");
    if (!model.yes && !askYes(what + ". Download it from " + settings.endpoint + "?"))
        throw std::runtime_error(what + "; fetch it with gorgon-cli pull " + address->repository
            + ", or let --yes do so here");
    return download({address->repository, revision, {}}, program).folder;
}

} // namespace gorgon
