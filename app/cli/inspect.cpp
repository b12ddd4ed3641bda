// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/inspect.h"
#include "app/cli/commands.h"

namespace gorgon {

namespace {

struct Options
{
    std::string path;
    bool json = false;
};

/// Status 1 where something is wrong with it: the first problem is the error, the report has all.
int run(const Options& options)
{
    std::error_code error;
    if (!std::filesystem::exists(options.path, error))
        throw std::runtime_error(options.path
            + ": expected a model or heads, a folder or a file, found nothing there; check the "
              "path");
    const ModelReport report = inspect(options.path);
    if (options.json)
        printJson(reportJson(report));
    else
        print(forOutput(reportText(report)));
    if (!report.problems.empty())
        throw std::runtime_error(report.problems.front());
    return kDone;
}

} // namespace

void addInspect(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(app, program, "inspect",
        "What a model or heads folder or file is, with every problem found",
        "gorgon-cli inspect models/vicuna-7b", [options] { return run(*options); });
    command->add_option("path", options->path, "Folder or file")->required();
    command->add_flag("--json", options->json, "As one JSON value");
}

} // namespace gorgon
