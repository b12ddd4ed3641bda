// SPDX-License-Identifier: GPL-3.0-or-later
#include <map>

#include "app/cli/commands.h"
#include "app/cli/generation_options.h"
#include "app/cli/model_options.h"
#include "app/cli/prompt_options.h"
#include "app/cli/tree_costs.h"
#include "core/decode/tree_choices.h"
#include "core/eval/cost_curve.h"

namespace gorgon {

namespace {

struct Options
{
    ModelOptions model; // accepted, without effect
    std::string name;
    std::string choices;
    bool json = false;
    // search
    std::string accuracy;
    std::string costs;
    int n_nodes = 0;
    int max_depth = 5;
    int max_rank = 10;
};

int runTree(const Options& options)
{
    if (options.name.empty() == options.choices.empty())
        throw UsageError("tree: expected one of --name NAME, --choices FILE, list and search");
    TreeSpec spec;
    if (options.name.empty())
        spec = readTreeOption("--choices ", options.choices);
    else
        try {
            spec = namedTree(options.name);
        } catch (const std::invalid_argument& problem) {
            throw UsageError(std::string("--name: ") + problem.what());
        }
    const ReferenceTreeBuffers buffers = referenceTreeBuffers(makeCandidateTree(spec.choices));
    printJson({{"attn_mask", buffers.attn_mask}, {"tree_indices", buffers.tree_indices},
        {"position_ids", buffers.position_ids}, {"retrieve_indices", buffers.retrieve_indices}});
    return kDone;
}

int runList(const Options& options)
{
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const std::string& name : treeNames()) {
        const CandidateTree tree = makeCandidateTree(namedTree(name).choices);
        list.push_back({{"name", name}, {"nodes", tree.nodeCount()}, {"depth", tree.depth()}});
        if (!options.json)
            print(name + "\n");
    }
    if (options.json)
        printJson(list);
    return kDone;
}

/// A list of rows, or an object that holds one as "accuracies", as `accuracy --json` prints it.
AccuracyRows readAccuracies(const std::string& file)
{
    const auto fail = [&](const char* found) {
        throw std::runtime_error(file
            + ": expected a JSON list of heads, each a list of shares by rank, found " + found);
    };
    nlohmann::json json = readJson(file);
    if (json.is_object() && json.contains("accuracies"))
        json = nlohmann::json(json["accuracies"]);
    if (!json.is_array() || json.empty() || json.size() > size_t(kMaxHeads))
        fail("something else");
    AccuracyRows rows;
    for (const nlohmann::json& head : json) {
        if (!head.is_array() || head.empty())
            fail("a head without a list");
        rows.emplace_back();
        for (const nlohmann::json& share : head) {
            if (!share.is_number())
                fail("an entry that is no number");
            rows.back().push_back(share.get<float>());
        }
    }
    return rows;
}

/// Times of steps by their nodes: a JSON list for 1, 2, 3 ... nodes, or the JSON of gorgon-cli
/// bench or tree costs, which has rows and may have the time of the heads.
CostCurve readCosts(const std::string& file)
{
    const auto fail = [&](const char* found) {
        throw std::runtime_error(file
            + ": expected a JSON list of times for 1, 2, 3 ... nodes or the JSON of gorgon-cli "
              "bench or gorgon-cli tree costs, found "
            + found);
    };
    const nlohmann::json json = readJson(file);
    const bool is_report = json.is_object() && json.contains("rows") && json["rows"].is_array();
    if (!is_report && !json.is_array())
        fail("something else");
    std::map<int, double> measured; // by nodes
    for (const nlohmann::json& entry : is_report ? json["rows"] : json) {
        const bool is_row = entry.is_object() && entry.contains("nodes") && entry.contains("us")
            && entry["nodes"].is_number_integer() && entry["us"].is_number();
        if (is_report ? !is_row : !entry.is_number())
            fail("an entry that is no time");
        const int64_t nodes
            = is_report ? entry["nodes"].get<int64_t>() : int64_t(measured.size()) + 1;
        if (nodes < 1 || nodes > kMaxNodes)
            fail("a size out of range");
        measured[int(nodes)] = (is_report ? entry["us"] : entry).get<double>();
    }
    if (!measured.contains(1))
        fail("no time for one node");
    CostCurve curve;
    for (const auto& [nodes, us] : measured) {
        curve.nodes.push_back(nodes);
        curve.step_us.push_back(us);
    }
    if (is_report && json.contains("heads_us") && json["heads_us"].is_array())
        for (const nlohmann::json& us : json["heads_us"])
            curve.heads_us.push_back(us.is_number() ? us.get<double>() : 0);
    if (!isUsable(curve))
        fail("a time out of range");
    return curve;
}

int runSearch(const Options& options, const Program& program)
{
    const AccuracyRows rows = readAccuracies(options.accuracy);
    SearchedTree tree;
    try {
        tree = searchTree(rows, options.n_nodes, options.max_depth, options.max_rank);
    } catch (const std::invalid_argument& problem) {
        throw std::runtime_error(options.accuracy + ": " + problem.what());
    }
    std::string speed;
    if (!options.costs.empty()) {
        const std::vector<double> costs = costsOf(readCosts(options.costs), tree);
        const size_t n_paying = size_t(bestChoiceCount(tree, costs));
        tree.choices.resize(n_paying);
        tree.tokens_per_step.resize(n_paying + 1);
        if (n_paying == 0)
            program.note("no tree pays at these costs: plain decoding is fastest");
        char text[60];
        std::snprintf(text, sizeof text, ", %.2f times the speed of plain decoding",
            tree.tokens_per_step.back() * costs.front() / costs[n_paying]);
        speed = text;
    }
    printJson(tree.choices);
    char line[120];
    std::snprintf(line, sizeof line, "%zu nodes and the root, %.3f tokens a step expected",
        tree.choices.size(), tree.tokens_per_step.empty() ? 1.0 : tree.tokens_per_step.back());
    program.note(line + speed);
    return kDone;
}

} // namespace

void addTree(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command
        = addCommand(app, program, "tree", "Buffers of a candidate tree as JSON; trees by name",
            "gorgon-cli tree --name mc_sim_7b_63", [options] { return runTree(*options); });
    CLI::Option* name
        = command->add_option("--name", options->name, "A published tree (gorgon-cli tree list)");
    command->add_option("--choices", options->choices, "JSON file with a list of rank paths")
        ->excludes(name);
    command->add_flag("--json", options->json, "As always: the answer is one JSON value");
    command->require_subcommand(0, 1);
    addIdleModelOptions(*command, options->model);

    CLI::App* list = addCommand(*command, program, "list", "The published trees by name",
        "gorgon-cli tree list", [options] { return runList(*options); });
    list->add_flag("--json", options->json, "Names, nodes and depths as one JSON value");
    addIdleModelOptions(*list, options->model);

    CLI::App* search = addCommand(*command, program, "search",
        "The nodes that are accepted most often, in the order of their worth: a file for --tree",
        "gorgon-cli tree search --accuracy accuracy.json --nodes 63 > medusa_choices.json",
        [options, &program] { return runSearch(*options, program); });
    search
        ->add_option(
            "--accuracy", options->accuracy, "JSON of gorgon-cli accuracy, or its list alone")
        ->required();
    search->add_option("--nodes", options->n_nodes, "Nodes without the root")
        ->required()
        ->check(CLI::Range(1, kMaxNodes - 1));
    search->add_option("--max-depth", options->max_depth, "Levels")
        ->check(CLI::Range(1, kMaxDepth))
        ->capture_default_str();
    search->add_option("--max-rank", options->max_rank, "Ranks of each head")
        ->check(CLI::Range(1, kMaxTopK))
        ->capture_default_str();
    search->add_option("--costs", options->costs,
        "Keep only as many nodes as pay: a JSON list of times for 1, 2, 3 ... nodes, or the JSON "
        "of gorgon-cli bench or gorgon-cli tree costs");
    search->add_flag("--json", options->json, "As always: the answer is one JSON value");
    addIdleModelOptions(*search, options->model);

    addTreeCosts(*command, program);
}

} // namespace gorgon
