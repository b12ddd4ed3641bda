// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/tree_costs.h"

#include "app/cli/auto_tree.h"
#include "app/cli/commands.h"
#include "app/cli/model_options.h"
#include "app/cli/result_json.h"
#include "core/eval/kept_costs.h"
#include "core/model/user_cache.h"

namespace gorgon {

namespace {

struct Options
{
    ModelOptions model;
    bool fresh = false;
    bool json = false;
};

nlohmann::ordered_json toJson(const TreeTuner& tuner, const std::string& machine)
{
    const CostCurve& curve = tuner.curve();
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (size_t i = 0; i < curve.nodes.size(); i++)
        rows.push_back({{"nodes", curve.nodes[i]}, {"us", curve.step_us[i]}});
    nlohmann::ordered_json hits = nlohmann::ordered_json::array();
    for (const HeadHits& head : tuner.hits())
        hits.push_back({{"samples", head.samples}, {"hits", head.hits}});
    const TunedTree& best = tuner.best();
    return {{"machine", machine}, {"rows", rows}, {"heads_us", curve.heads_us}, {"hits", hits},
        {"tree", best.tree.choices}, {"tokens_per_step", best.tokens_per_step},
        {"speed_up", best.speedUp()}};
}

void printCosts(const TreeTuner& tuner, const std::string& machine)
{
    const CostCurve& curve = tuner.curve();
    char line[120];
    print(machine + "\n\nnodes        us   of a plain step\n");
    for (size_t i = 0; i < curve.nodes.size(); i++) {
        std::snprintf(line, sizeof line, "%5d %9.0f   %.2f\n", curve.nodes[i], curve.step_us[i],
            curve.step_us[i] / curve.step_us.front());
        print(line);
    }
    for (size_t i = 0; i < curve.heads_us.size(); i++) {
        std::snprintf(line, sizeof line, "%s%zu head%s %7.0f   %.2f\n", i == 0 ? "\n" : "", i + 1,
            i == 0 ? " " : "s", curve.heads_us[i], curve.heads_us[i] / curve.step_us.front());
        print(line);
    }
    if (!tuner.hits().empty()) {
        std::snprintf(line, sizeof line, "\nheads judged at %.0f positions while chatting\n",
            tuner.hits().front().samples);
        print(line);
    }
    print("tree auto: " + words(tuner.best()) + "\n");
}

int run(const Options& options, Program& program)
{
    const auto model = options.model.random_weights ? makeRandomModel(options.model, program)
                                                    : openModel(options.model, program);
    Engine engine(model);
    Session session = engine.makeSession();
    TreeTuner tuner;
    {
        Progress progress(program, "timing trees");
        tuner = makeTreeTuner(
            engine, session, costFile(userCacheFolder("costs"), *model), options.fresh,
            [&](int done, int total) { progress.show(done, total); }, program.interrupt.token());
    }
    if (program.interrupt.requested())
        throw Interrupted();
    if (tuner.curve().empty())
        throw std::runtime_error(
            "--context: expected room for a step behind a token, found a context of "
            + std::to_string(model->context) + "; choose a longer one");
    warnLimitation(engine.backend(), program);
    const std::string machine
        = engine.backend().description() + ", weights " + dtypeName(model->dtype);
    if (options.json)
        printJson(toJson(tuner, machine));
    else
        printCosts(tuner, machine);
    return kDone;
}

} // namespace

void addTreeCosts(CLI::App& tree, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(tree, program, "costs",
        "What a step costs here by its nodes: measured once per model, format and machine, and "
        "kept; what has been counted of the heads; the tree that follows",
        "gorgon-cli tree costs --weights q8 --json > costs.json",
        [options, &program] { return run(*options, program); });
    addModelOptions(*command, options->model);
    addRandomOptions(*command, options->model);
    command->add_flag("--fresh", options->fresh, "Measure again, even where times are kept");
    command->add_flag(
        "--json", options->json, "One JSON value, which gorgon-cli tree search --costs reads");
}

} // namespace gorgon
