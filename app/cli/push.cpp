// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include "app/cli/commands.h"
#include "app/cli/hub_access.h"
#include "core/hub/hub_names.h"
#include "core/hub/push_folder.h"
#include "core/model/user_cache.h"
#include "core/pairs/heads_card.h"

namespace gorgon {

namespace {

struct Options
{
    std::string folder;
    std::string repository;
    std::string message;
    bool is_private = false;
    bool yes = false;
    bool json = false;
};

constexpr const char* kExamples
    = "gorgon-cli push my-heads ORG/my-heads --private\n\n"
      "Makes the repository where there is none (one that all can see only after asking or with "
      "--yes), and\nuploads every file of FOLDER that is not "
      "hidden in one commit;\nlarge ones by the LFS protocol: an upload that was interrupted goes "
      "on behind the parts that arrived. Files\nthat the hub has with other content are replaced "
      "only after asking or with --yes. Where FOLDER has no\nREADME.md, one is made from what lies "
      "there: config.json, accuracy.json and bench.json (what gorgon-cli\naccuracy and bench "
      "print with --json), training.json. HF_TOKEN or the saved token must be allowed to write.";

std::string names(const std::vector<const PushFile*>& files)
{
    constexpr size_t kNamed = 5;
    std::string text;
    for (size_t i = 0; i < std::min(files.size(), kNamed); ++i)
        text += (i > 0 ? ", " : "") + printable(files[i]->path);
    return text + (files.size() > kNamed ? ", ..." : "");
}

/// Throws where somebody has to be asked and nobody is there, or says no.
void confirm(const PushPlan& plan, const Options& options, const Program& program)
{
    const auto replaced = plan.changed(PushChange::replaced);
    const auto added = plan.changed(PushChange::added);
    const std::string what = options.repository
        + (plan.exists               ? " exists: "
                : options.is_private ? " is made, private: "
                                     : " is made, for all to see: ")
        + std::to_string(added.size()) + " new files, " + std::to_string(replaced.size())
        + " to be replaced" + (replaced.empty() ? "" : " (" + names(replaced) + ")") + ", "
        + byteCount(plan.bytes());
    // What all can see, or what replaces something, is made by nobody unasked.
    const bool is_public = !plan.exists && !options.is_private;
    const bool is_asked = isatty(STDIN_FILENO) == 1 || !replaced.empty() || is_public;
    const bool is_change = replaced.size() + added.size() > 0;
    if (is_change && is_asked && !options.yes && !askYes(what + ". Upload?", program))
        throw std::runtime_error(what + "; nothing was uploaded, "
            + (is_public ? "--yes makes it for all to see, --private for its owner alone"
                         : "--yes does so"));
    for (const std::string& each : plan.left_out)
        program.note("left out " + each);
    if (is_change)
        program.note(what);
}

void requireFolder(const std::string& folder)
{
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error))
        throw std::runtime_error(folder + ": expected a folder with heads or a model, found "
            + (std::filesystem::exists(folder, error) ? "a file" : "nothing there")
            + "; give the one to upload");
}

int run(const Options& options, const Program& program)
{
    if (const auto problem = repositoryProblem(options.repository))
        throw UsageError(options.repository + ": expected ORG/NAME, " + *problem);
    requireFolder(options.folder);
    PushRequest request;
    request.folder = options.folder;
    request.repository = options.repository;
    request.is_private = options.is_private;
    if (!options.message.empty())
        request.message = options.message;
    request.state_folder = userCacheFolder("uploads");
    request.card = headsCard(request.folder, options.repository);
    const std::stop_token stop = program.interrupt.token();
    HubClient client(openHub(program));
    PushResult result;
    PushPlan plan;
    // The bar is wiped before somebody is asked.
    const auto barred = [&](const std::string& what, const auto& work) {
        Progress progress(program, options.repository + ", " + what);
        work([&](const PushProgress& now) {
            progress.show(double(now.done_bytes), double(now.total_bytes));
        });
    };
    try {
        barred("hashing",
            [&](const PushCallback& show) { plan = planPush(client, request, show, stop); });
        confirm(plan, options, program);
        barred("uploading",
            [&](const PushCallback& show) { result = pushFolder(client, plan, show, stop); });
    } catch (const HubError& error) {
        if (error.kind() != HubErrorKind::cancelled)
            throw;
        program.note(options.repository + ": stopped; the next push goes on where this one ended");
        throw Interrupted();
    }
    if (options.json)
        printJson(
            {{"repository", options.repository}, {"commit", result.commit}, {"page", result.page},
                {"created", result.was_created}, {"sent_bytes", result.sent_bytes},
                {"kept_bytes", result.kept_bytes}, {"files", plan.files.size()}});
    else
        print(plan.bytes() == 0 && plan.changed(PushChange::same).size() == plan.files.size()
                ? options.repository + ": nothing to do, the hub has it all\n"
                : result.page + "\n");
    return kDone;
}

} // namespace

void addPush(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(app, program, "push",
        "Uploads trained heads, or a model with its heads, to the hub", kExamples,
        [options, &program] { return run(*options, program); });
    command->add_option("FOLDER", options->folder, "With medusa_lm_head.safetensors or a model")
        ->required();
    command->add_option("NAME", options->repository, "ORG/NAME")->required();
    command->add_flag("--private", options->is_private, "Make the repository for its owner alone (otherwise all can see it)");
    command->add_option("--message", options->message, "What the commit says");
    command->add_flag("--yes", options->yes, "Do not ask: make what all can see, replace what differs");
    command->add_flag("--json", options->json, "As one JSON value");
}

} // namespace gorgon
