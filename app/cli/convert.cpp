// SPDX-License-Identifier: GPL-3.0-or-later
// One file per job.
#include "app/cli/commands.h"
#include "app/cli/convert_weights.h"

namespace gorgon {

namespace {

struct Options
{
    ModelOptions model;
    std::string path;
    bool json = false;
};

int run(Options options, Program& program)
{
    if (!options.path.empty() && !options.model.model.empty())
        throw UsageError("--model: expected one model, found PATH as well");
    if (!options.path.empty())
        options.model.model = options.path;
    if (options.model.weights != "q8" && options.model.weights != "q4")
        throw UsageError("--weights: expected q8 or q4, the formats that are kept in the cache");
    return convertWeights(options.model, options.json, program);
}

} // namespace

void addConvert(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(app, program, "convert",
        "Quantizes weights ahead, into $XDG_CACHE_HOME/gorgon/weights (else "
        "~/.cache/gorgon/weights), where every start with this format finds them; files there may "
        "be deleted at any time",
        "gorgon-cli convert my-model --weights q8",
        [options, &program] { return run(*options, program); });
    command->add_option("PATH", options->path, "Model folder (default: that of --model)");
    addModelOptions(*command, options->model);
    command->add_flag("--json", options->json, "Print files and sizes as one JSON value");
}

} // namespace gorgon
