// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/generation_options.h"

#include <algorithm>

#include "core/decode/tree_choices.h"

namespace gorgon {

namespace {

bool isPublished(const std::string& tree)
{
    const std::vector<std::string> names = treeNames();
    return std::find(names.begin(), names.end(), tree) != names.end();
}

/// A sentence about a setting, by the option that set it: "temperature: ..." to "--temperature:
/// ...".
std::string byOption(const std::string& problem)
{
    const size_t end = std::min(problem.find(':'), problem.size());
    std::string name = problem.substr(0, end);
    if (name == "number of heads")
        name = "num-heads";
    else if (name == "stop text")
        name = "stop";
    std::replace(name.begin(), name.end(), ' ', '-');
    return "--" + name + problem.substr(end);
}

} // namespace

TreeSpec readTreeOption(const char* option, const std::string& file)
{
    try {
        return readTreeFile(file);
    } catch (const std::runtime_error& problem) {
        throw std::runtime_error(option + std::string(problem.what()));
    }
}

void addTreeOption(CLI::App& command, std::string& tree)
{
    command
        .add_option("--tree", tree,
            "default (medusa_choices.json beside the heads, else a published one), auto (the "
            "fastest here, found by timing), chain, none, a published name "
            "(gorgon-cli tree list) or a JSON file with a list of rank paths")
        ->capture_default_str();
}

void addGenerationOptions(CLI::App& command, GenerationOptions& options)
{
    command.add_option("--max-tokens", options.max_tokens, "New tokens at most")
        ->capture_default_str();
    command.add_option("--temperature", options.temperature, "0: the likeliest token always")
        ->capture_default_str();
    command.add_option("--top-p", options.top_p, "Draw from the likeliest tokens of this mass")
        ->capture_default_str();
    command
        .add_option("--acceptance", options.acceptance,
            "When a drafted token is kept (default: greedy at temperature 0, exact above)")
        ->check(CLI::IsMember({"greedy", "typical", "exact"}));
    command
        .add_option(
            "--posterior-threshold", options.posterior_threshold, "Typical acceptance: epsilon")
        ->capture_default_str();
    command.add_option("--posterior-alpha", options.posterior_alpha, "Typical acceptance: delta")
        ->capture_default_str();
    command
        .add_option("--typical-root", options.typical_root,
            "Typical acceptance: how the next root is chosen; argmax as the reference does")
        ->check(CLI::IsMember({"sample", "argmax"}))
        ->capture_default_str();
    command.add_option("--num-heads", options.num_heads, "Heads to use (default: all)");
    command.add_option("--head-top-k", options.head_top_k, "Ranks of a head that a tree may use")
        ->capture_default_str();
    addTreeOption(command, options.tree);
    command.add_option("--stop", options.stop, "Text that ends the answer; may be repeated")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
    command.add_flag("--ignore-eos", options.ignore_eos, "Go on behind the end-of-sequence token");
}

GenerateSettings makeSettings(const GenerationOptions& options, std::optional<uint64_t> seed)
{
    GenerateSettings settings;
    settings.max_tokens = options.max_tokens;
    settings.temperature = float(options.temperature);
    settings.top_p = float(options.top_p);
    settings.posterior_threshold = float(options.posterior_threshold);
    settings.posterior_alpha = float(options.posterior_alpha);
    settings.typical_root_argmax = options.typical_root == "argmax";
    if (options.num_heads)
        settings.n_heads = *options.num_heads;
    settings.head_top_k = options.head_top_k;
    settings.stop = options.stop;
    settings.ignore_eos = options.ignore_eos;
    settings.seed = seed;
    if (options.acceptance == "greedy" && options.temperature > 0)
        throw UsageError(
            "--acceptance: greedy goes with temperature 0 only; take exact or typical");
    if (options.temperature > 0)
        settings.acceptance
            = options.acceptance == "typical" ? AcceptanceMode::typical : AcceptanceMode::exact;
    if (const std::string problem = settingsProblem(settings); !problem.empty())
        throw UsageError(byOption(problem));
    return settings;
}

void checkTreeName(const std::string& tree)
{
    if (tree == "default" || tree == kAutoTree || tree == "chain" || tree == "none"
        || isPublished(tree))
        return;
    std::error_code error;
    if (std::filesystem::exists(tree, error) || tree.find_first_of("/.") != std::string::npos)
        return; // a file
    throw UsageError(
        "--tree: expected default, auto, chain, none, a published name (gorgon-cli tree "
        "list) or a file, found "
        + tree);
}

TreeSpec chooseTree(const std::string& tree, const Model& model, int top_k)
{
    checkTreeName(tree);
    const int n_heads = int(model.heads.size());
    if (tree == "none")
        return {};
    if (tree == kAutoTree)
        return {kAutoTree, {}}; // until the prompt is known
    if (tree == "default")
        return defaultTree(model);
    if (tree == "chain")
        return {"chain", chainChoices(n_heads)};
    if (isPublished(tree))
        return namedTree(tree);
    const TreeSpec read = readTreeOption("--tree ", tree);
    if (n_heads == 0)
        return {};
    if (const std::string problem = unfillable(read.choices, n_heads, top_k); !problem.empty())
        throw std::runtime_error(
            "--tree " + tree + ": expected a tree that the heads can fill, " + problem);
    return read;
}

GenerateSettings makeSettings(
    const GenerationOptions& options, std::optional<uint64_t> seed, const Model& model)
{
    GenerateSettings settings = makeSettings(options, seed);
    settings.tree = chooseTree(options.tree, model, options.head_top_k);
    if (options.num_heads && *options.num_heads > int(model.heads.size()))
        throw UsageError("--num-heads: expected 0 to " + std::to_string(model.heads.size())
            + ", the heads of this model, found " + std::to_string(*options.num_heads));
    return settings;
}

std::string usedTree(const GenerateSettings& settings, const Model& model)
{
    // note: where it is "auto", the last step may have been a plain one, to compare.
    const int n_heads = std::min(settings.n_heads, int(model.heads.size()));
    if (settings.tree.name == kAutoTree && n_heads > 0)
        return kAutoTree;
    return fitChoices(settings.tree.choices, n_heads, settings.head_top_k, settings.max_nodes)
               .empty()
        ? "none"
        : settings.tree.name;
}

} // namespace gorgon
