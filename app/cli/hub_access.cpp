// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/hub_access.h"

#include <cerrno>
#include <iostream>
#include <mutex>
#include <poll.h>
#include <set>
#include <thread>
#include <unistd.h>

#include "app/cli/download_bar.h"
#include "core/hub/choose_files.h"
#include "core/hub/download_queue.h"
#include "core/hub/download_wishes.h"
#include "core/hub/url.h"

namespace gorgon {

namespace {

constexpr auto kLook = std::chrono::milliseconds(100);

/// What was told once, from whichever thread.
struct Said
{
    std::mutex mutex;
    std::set<std::string> texts;
};

/// The files that a download would take, of those that a snapshot holds; empty where one of them is
/// missing, or where they are no model and no heads.
std::vector<RemoteFile> filesOf(
    const HubCache& cache, const DownloadRequest& request, const std::string& commit)
{
    std::vector<RemoteFile> files;
    for (const std::string& path : request.paths)
        files.push_back({path, 0, {}, {}});
    const auto model = request.paths.empty() ? cache.model(request.repository) : std::nullopt;
    if (model)
        for (const InstalledSnapshot& snapshot : model->snapshots)
            for (const InstalledFile& file : snapshot.files)
                if (snapshot.commit == commit)
                    files.push_back({file.path, file.bytes, {}, {}});
    if (request.paths.empty()) {
        ChosenFiles chosen = chooseFiles(files);
        if (!chosen.problem.empty())
            return {};
        files = std::move(chosen.files);
    }
    for (RemoteFile& file : files) {
        const auto here = cache.file(request.repository, commit, file.path);
        if (!here)
            return {};
        file.bytes = here->bytes;
    }
    return files;
}

/// The same without weights.
DownloadRequest smallPart(DownloadRequest request, const Program& program)
{
    HubClient client(openHub(program));
    const std::stop_token stop = program.interrupt.token();
    const std::string commit = client.commit(request.repository, request.revision, stop);
    request.paths
        = chooseFiles(client.files(request.repository, commit, stop).files).pathsWithoutWeights();
    if (request.paths.empty())
        throw std::runtime_error(request.repository
            + ": config.json and a tokenizer were expected, it has none of them; choose another "
              "model");
    return request;
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
        throw UsageError(redacted(text)
            + ": expected ORG/NAME or the address of a model's page, found something else");
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
            throw HubError(now.error ? *now.error
                                     : hubErrorInfo(HubErrorKind::cancelled,
                                         request.repository + ": it was paused"));
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

std::optional<DownloadProgress> downloaded(const DownloadRequest& request, const HubCache& cache)
{
    const auto commit = cache.commit(request.repository, request.revision);
    if (!commit)
        return std::nullopt;
    for (const DownloadRequest& wish : findWishes(cache))
        if (wish.repository == request.repository
            && (wish.revision == request.revision || wish.revision == *commit)
            && wish.paths == request.paths)
            return std::nullopt; // it was not finished
    const auto folder = cache.snapshot(request.repository, *commit);
    const std::vector<RemoteFile> files = filesOf(cache, request, *commit);
    if (!folder || files.empty())
        return std::nullopt;
    DownloadProgress result;
    result.request = request;
    result.commit = *commit;
    result.state = DownloadState::done;
    result.folder = *folder;
    for (const RemoteFile& file : files) {
        result.files.push_back({file.path, file.bytes, file.bytes, DownloadState::done});
        result.total_bytes += file.bytes;
    }
    result.done_bytes = result.total_bytes;
    return result;
}

bool askYes(const std::string& question, const Program& program)
{
    if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1)
        return false;
    std::fprintf(stderr, "%s [y/N] ", oneLine(question).c_str());
    // A terminal gives whole lines.
    pollfd inputs[] = {{STDIN_FILENO, POLLIN, 0}, {program.interrupt.descriptor(), POLLIN, 0}};
    while (poll(inputs, 2, -1) < 0 && errno == EINTR)
        ;
    if (program.interrupt.requested()) {
        std::fputc('\n', stderr);
        throw Interrupted();
    }
    std::string answer;
    std::getline(std::cin, answer);
    for (char& c : answer)
        c = c >= 'A' && c <= 'Z' ? char(c + 32) : c;
    return answer == "y" || answer == "yes";
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
    const DownloadRequest request{address->repository, revision, {}};
    const auto folder = cache.snapshot(address->repository, revision);
    if (folder && (!model.needs_weights || downloaded(request, cache)))
        return folder;
    const std::string part = model.needs_weights ? "" : ", without its weights,";
    const std::string what = model.option + " " + model.name
        + (folder ? ": not all of it is in the cache"
                  : ": neither a path nor a model in the cache");
    if (settings.offline)
        throw std::runtime_error(
            what + ", and HF_HUB_OFFLINE switches the network off; unset it to download");
    if (!model.yes
        && !askYes(what + ". Download it" + part + " from " + settings.endpoint + "?", program))
        throw std::runtime_error(what + "; fetch it with gorgon-cli pull " + address->repository
            + (revision == "main" ? "" : " --revision " + revision) + ", or let --yes do so here");
    return download(model.needs_weights ? request : smallPart(request, program), program).folder;
}

} // namespace gorgon
