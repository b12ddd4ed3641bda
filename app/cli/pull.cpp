// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include "app/cli/commands.h"
#include "app/cli/hub_access.h"
#include "app/cli/pull_search.h"
#include "core/hub/choose_files.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_client.h"

namespace gorgon {

namespace {

struct Options
{
    std::string name;
    std::string revision;
    std::vector<std::string> files;
    std::string search;
    bool is_search = false;
    double max_speed = 0; // MB/s; 0: no limit
    bool yes = false;
    bool json = false;
};

constexpr const char* kExamples
    = "gorgon-cli pull FasterDecoding/medusa-vicuna-7b-v1.3\n"
      "  gorgon-cli pull lmsys/vicuna-7b-v1.3 --revision main --yes\n"
      "  gorgon-cli pull https://huggingface.co/gpt2 --file config.json\n"
      "  gorgon-cli pull --search \"vicuna 7b\"\n\n"
      "Fetched is what this program reads: configuration, tokenizer, templates, and the weights or "
      "heads\nonce, as safetensors where there are any. Files go to the cache that all of the "
      "hub's "
      "tools share\n(HF_HUB_CACHE, else HF_HOME/hub, else ~/.cache/huggingface/hub); a download "
      "that "
      "was interrupted\ngoes on where it ended. HF_TOKEN or the saved token logs in, HF_ENDPOINT "
      "names "
      "a mirror (which\ngets the token only with GORGON_HUB_TRUST_ENDPOINT=1), HF_HUB_OFFLINE=1 "
      "allows no network: what\nthe cache has whole is then taken as it is.";

/// Says what would be fetched; false where the user does not want it.
bool isWanted(const DownloadRequest& request, const Options& options, const Program& program)
{
    const bool asks = !options.yes && isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
    if (!asks || !request.paths.empty())
        return true;
    HubClient client(openHub(program));
    const std::stop_token stop = program.interrupt.token();
    const ModelInformation model = client.model(request.repository, request.revision, stop);
    const ChosenFiles chosen
        = chooseFiles(client.files(request.repository, model.commit, stop).files);
    if (!chosen.problem.empty())
        throw std::runtime_error(request.repository + ": " + chosen.problem);
    const HubCache cache(client.settings().cache);
    size_t n_missing = 0;
    uint64_t missing_bytes = 0;
    for (const RemoteFile& file : chosen.files)
        if (!cache.file(request.repository, model.commit, file.path)) {
            ++n_missing;
            missing_bytes += file.bytes;
        }
    if (n_missing == 0)
        return true;
    std::string what = request.repository + ": "
        + (n_missing == 1 ? "1 file, " : std::to_string(n_missing) + " files, ")
        + byteCount(missing_bytes);
    if (!model.licence.empty())
        what += ", licence " + printable(model.licence);
    if (chosen.has_pickle)
        what += ", weights as pickle (read without running anything)";
    return askYes(what + ". Download?", program);
}

/// Nobody answers who could say what the hub has now.
bool isUnreachable(HubErrorKind kind)
{
    return kind == HubErrorKind::noNetwork || kind == HubErrorKind::timedOut
        || kind == HubErrorKind::notAHub || kind == HubErrorKind::serverFailed;
}

/// What the cache has whole, where the hub cannot be asked for something newer.
std::optional<DownloadProgress> withoutHub(const DownloadRequest& request, const Program& program)
{
    HubSettings settings = readHubSettings();
    auto here = downloaded(request, HubCache(settings.cache));
    if (!here)
        return std::nullopt;
    const std::string whole
        = "; all of it is in the cache, as commit " + here->commit.substr(0, 12);
    if (settings.offline) {
        program.note(request.repository + ": HF_HUB_OFFLINE switches the network off" + whole);
        return here;
    }
    const auto context = std::make_shared<HttpContext>(*openHub(program));
    context->settings.n_retries = 1; // nothing may be missing
    try {
        HubClient(context).model(request.repository, request.revision, program.interrupt.token());
    } catch (const HubError& error) {
        if (!isUnreachable(error.kind()))
            throw;
        program.note(std::string(error.what()) + whole);
        return here;
    }
    return std::nullopt;
}

int run(const Options& options, const Program& program)
{
    if (options.is_search && options.search.find_first_not_of(" \t\r\n") == options.search.npos)
        throw UsageError("--search: expected some words, found none");
    if (options.is_search)
        return searchHub(options.search, options.json, program);
    if (options.name.empty())
        throw UsageError("NAME: expected ORG/NAME, or --search with some words, found neither");
    const HubAddress address = hubAddress(options.name);
    if (!options.revision.empty())
        checkRevision(options.revision);
    DownloadRequest request{address.repository,
        options.revision.empty() ? address.revision : options.revision, options.files};
    if (!address.path.empty() && options.files.empty())
        request.paths = {address.path};
    std::optional<DownloadProgress> here = withoutHub(request, program);
    if (!here && !isWanted(request, options, program)) {
        program.note("nothing was downloaded");
        return kFailed;
    }
    const DownloadProgress done
        = here ? *here : download(request, program, uint64_t(options.max_speed * 1e6));
    if (!options.json) {
        print(forOutput(done.folder.string()) + "\n");
        return kDone;
    }
    nlohmann::ordered_json files = nlohmann::ordered_json::array();
    for (const FileProgress& file : done.files)
        files.push_back({{"path", file.path}, {"bytes", file.bytes}});
    printJson({{"repository", request.repository}, {"revision", request.revision},
        {"commit", done.commit}, {"folder", done.folder.string()}, {"bytes", done.total_bytes},
        {"files", files}});
    return kDone;
}

} // namespace

void addPull(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(app, program, "pull",
        "Finds models and heads on the hub (--search), and fetches them into its cache", kExamples,
        [options, &program] { return run(*options, program); });
    CLI::Option* name
        = command->add_option("NAME", options->name, "ORG/NAME, or the address of its page");
    command
        ->add_option("--search", options->search,
            "Fetch nothing: show known pairs and the hub's models by these words")
        ->excludes(name)
        ->each([options](const std::string&) { options->is_search = true; });
    command->add_option("--revision", options->revision, "Branch, tag or commit (default: main)");
    command->add_option("--file", options->files, "Only this file (repeatable)")
        ->expected(1)
        ->take_all();
    command
        ->add_option("--max-speed", options->max_speed, "MB a second at most (default: no limit)")
        ->check(CLI::Range(0.001, 1e6));
    command->add_flag("--yes", options->yes, "Do not ask");
    command->add_flag("--json", options->json, "As one JSON value");
}

} // namespace gorgon
