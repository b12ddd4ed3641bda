// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/hub_access.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_error.h"

namespace gorgon {

namespace {

struct Options
{
    std::string name;
    std::string revision;
    bool yes = false;
    bool json = false;
};

/// The commit that a branch, a commit or its beginning means; empty for the whole model.
std::string commitOf(
    const HubCache& cache, const std::string& repository, const std::string& revision)
{
    if (revision.empty())
        return {};
    if (const auto commit = cache.commit(repository, revision))
        return *commit;
    const auto model = cache.model(repository);
    std::vector<std::string> found;
    for (const InstalledSnapshot& snapshot :
        model ? model->snapshots : std::vector<InstalledSnapshot>())
        if (revision.size() >= 6 && snapshot.commit.starts_with(revision))
            found.push_back(snapshot.commit);
    if (found.size() != 1)
        throw std::runtime_error("--revision " + revision + ": expected a revision of " + repository
            + " in the cache, found none; gorgon-cli list shows them");
    return found.front();
}

/// "1.2 GB in 2 snapshots and 3.4 MB of an unfinished download"
std::string wordsOf(const Removal& removal)
{
    std::string text = byteCount(removal.bytes) + " in " + std::to_string(removal.n_snapshots)
        + (removal.n_snapshots == 1 ? " snapshot" : " snapshots");
    if (removal.partial_bytes > 0)
        text += " and " + byteCount(removal.partial_bytes) + " of an unfinished download";
    return text;
}

int run(const Options& options, const Program& program)
{
    HubCache cache(readHubSettings().cache);
    const std::string repository = hubAddress(options.name).repository;
    const std::string commit = commitOf(cache, repository, options.revision);
    const Removal planned = cache.removal(repository, commit);
    const std::string what = repository + (commit.empty() ? "" : " at " + commit.substr(0, 12))
        + ": " + wordsOf(planned) + ", of which the disk gains " + byteCount(planned.freed_bytes);
    if (!options.yes && !askYes(what + ". Remove?", program))
        throw std::runtime_error(what + "; nothing was removed, --yes does so");
    const Removal removed = cache.remove(repository, commit);
    if (options.json)
        printJson({{"repository", repository}, {"bytes", removed.bytes},
            {"unfinished_bytes", removed.partial_bytes}, {"freed_bytes", removed.freed_bytes},
            {"snapshots", removed.n_snapshots}, {"blobs", removed.n_blobs}});
    else
        print(repository + ": removed " + wordsOf(removed) + ", freed "
            + byteCount(removed.freed_bytes) + "\n");
    return kDone;
}

} // namespace

void addRemove(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(app, program, "remove",
        "Removes a model, or one revision of it, from the hub's cache",
        "gorgon-cli remove lmsys/vicuna-7b-v1.3\n\n"
        "Files that another revision shares stay; both numbers are told. Without --yes it asks.",
        [options, &program] { return run(*options, program); });
    command->add_option("NAME", options->name, "ORG/NAME")->required();
    command->add_option("--revision", options->revision, "Only this branch, tag or commit");
    command->add_flag("--yes", options->yes, "Do not ask");
    command->add_flag("--json", options->json, "As one JSON value");
}

} // namespace gorgon
