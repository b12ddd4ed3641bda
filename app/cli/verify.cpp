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

/// Of one repository; what keeps all of it from being read is a problem as well.
std::vector<VerifiedFile> verifyAny(
    const HubCache& cache, const std::string& repository, const Program& program)
{
    try {
        return verifyOne(cache, repository, program);
    } catch (const HubError& error) {
        return {{"", 0, error.what()}};
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
    if (names.empty())
        program.note("no model in " + cache.root().string());
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    std::string first;
    size_t n_problems = 0;
    for (const std::string& name : names) {
        nlohmann::ordered_json files = nlohmann::ordered_json::array();
        nlohmann::ordered_json problem_of_all;
        uint64_t bytes = 0;
        const size_t n_before = n_problems;
        const std::vector<VerifiedFile> verified = verifyAny(cache, name, program);
        for (const VerifiedFile& file : verified) {
            nlohmann::ordered_json problem;
            if (!file.problem.empty()) {
                problem = file.problem;
                // What is said of the whole names it already.
                const std::string line
                    = (file.path.empty() ? "" : name + ": " + file.path + ": ") + file.problem;
                first = first.empty() ? line : first;
                if (!options.json)
                    print(forOutput(line) + "\n");
                ++n_problems;
            }
            bytes += file.bytes;
            if (file.path.empty())
                problem_of_all = problem;
            else
                files.push_back({{"path", file.path}, {"bytes", file.bytes}, {"problem", problem}});
        }
        all.push_back({{"repository", name}, {"problem", problem_of_all}, {"files", files}});
        if (!options.json && n_problems == n_before)
            print(name + ": "
                + (verified.size() == 1 ? "1 file, " : std::to_string(verified.size()) + " files, ")
                + byteCount(bytes)
                + (verified.size() == 1 ? ", as the hub has it\n" : ", all as the hub has them\n"));
    }
    if (options.json)
        printJson(all);
    if (n_problems > 0)
        throw std::runtime_error(
            first + (n_problems > 1 ? " (and " + std::to_string(n_problems - 1) + " more)" : ""));
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
