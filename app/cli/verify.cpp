// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/hub_access.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_error.h"

namespace gorgon {

namespace {

struct Options
{
    std::vector<std::string> names;
    bool json = false;
};

std::vector<VerifiedFile> verifyOne(
    const HubCache& cache, const std::string& repository, const Program& program)
{
    Progress progress(program, repository);
    try {
        return cache.verify(
            repository,
            [&](const VerifyProgress& now) {
                progress.show(double(now.done_bytes), double(now.total_bytes));
            },
            program.interrupt.token());
    } catch (const HubError& error) {
        if (error.kind() == HubErrorKind::cancelled)
            throw Interrupted();
        throw;
    }
}

int run(const Options& options, const Program& program)
{
    const HubCache cache(readHubSettings().cache);
    std::vector<std::string> names;
    for (const std::string& name : options.names)
        names.push_back(hubAddress(name).repository);
    if (names.empty())
        for (const InstalledModel& model : cache.list())
            names.push_back(model.repository);
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    std::string first;
    for (const std::string& name : names) {
        nlohmann::ordered_json files = nlohmann::ordered_json::array();
        uint64_t bytes = 0;
        size_t n_bad = 0;
        const std::vector<VerifiedFile> verified = verifyOne(cache, name, program);
        for (const VerifiedFile& file : verified) {
            nlohmann::ordered_json problem;
            if (!file.problem.empty()) {
                problem = file.problem;
                const std::string line = name + ": " + file.path + ": " + file.problem;
                first = first.empty() ? line : first;
                if (!options.json)
                    print(forOutput(line) + "\n");
                ++n_bad;
            }
            bytes += file.bytes;
            files.push_back({{"path", file.path}, {"bytes", file.bytes}, {"problem", problem}});
        }
        all.push_back({{"repository", name}, {"files", files}});
        if (!options.json && n_bad == 0)
            print(name + ": " + std::to_string(verified.size()) + " files, " + byteCount(bytes)
                + ", all as the hub has them\n");
    }
    if (options.json)
        printJson(all);
    if (!first.empty())
        throw std::runtime_error(first);
    return kDone;
}

} // namespace

void addVerify(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(app, program, "verify",
        "Hashes models in the hub's cache and compares with what the hub has",
        "gorgon-cli verify lmsys/vicuna-7b-v1.3\n\n"
        "No network is needed: files are named by their hashes. A wrong or missing one makes the "
        "exit status 1.",
        [options, &program] { return run(*options, program); });
    command->add_option("NAME", options->names, "Repositories (default: all)");
    command->add_flag("--json", options->json, "As one JSON value");
}

} // namespace gorgon
