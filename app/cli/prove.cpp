// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/eval/prove.h"
#include "app/cli/auto_tree.h"
#include "app/cli/commands.h"
#include "app/cli/generation_options.h"
#include "app/cli/model_options.h"
#include "app/cli/prompt_options.h"
#include "app/cli/result_json.h"

namespace gorgon {

namespace {

struct Options
{
    ModelOptions model;
    GenerationOptions generation;
    PromptOptions prompt;
    bool json = false;
};

nlohmann::ordered_json sideJson(const GenerateResult& result)
{
    return {{"tokens", result.tokens}, {"finish", finishName(result.finish)},
        {"steps", result.stats.steps}, {"tokens_per_second", result.stats.tokensPerSecond()}};
}

int run(const Options& options, Program& program)
{
    makeSettings(options.generation, options.model.seed);
    checkTreeName(options.generation.tree);
    if (!options.generation.stop.empty())
        throw UsageError(
            "--stop: tokens are compared here, stop texts are not read; use --max-tokens");
    const std::filesystem::path folder = modelFolder(options.model, program, true);
    const bool ids_only = !options.prompt.tokens_file.empty();
    const auto tokenizer = ids_only ? nullptr : openTokenizer(folder, true, program);
    const Prompt prompt = readPrompt(options.prompt, folder, tokenizer, program);
    const auto model = openModel(options.model, program);
    GenerateSettings settings = makeSettings(options.generation, options.model.seed, *model);
    Engine engine(model);
    Session session = engine.makeSession();
    findTreeWhereAuto(settings, engine, session, prompt.tokens, program);
    if (usedTree(settings, *model) == "none")
        program.note("there are no heads or no tree: both sides decode plainly");
    const Proof proof = prove(engine, session, prompt.tokens, settings, program.interrupt.token());
    if (program.interrupt.requested())
        throw Interrupted();

    if (options.json) {
        nlohmann::ordered_json difference;
        if (!proof.equal())
            difference = {{"index", proof.first_difference}, {"plain_token", proof.plain_token},
                {"plain_logit", proof.plain_logit}, {"speculative_token", proof.speculative_token},
                {"speculative_logit", proof.speculative_logit}};
        printJson({{"equal", proof.equal()}, {"difference", difference}, {"seed", proof.plain.seed},
            {"tree", usedTree(settings, *model)}, {"acceptance", usedAcceptance(settings)},
            {"plain", sideJson(proof.plain)}, {"speculative", sideJson(proof.speculative)}});
    } else {
        print("plain:       " + statsLine(proof.plain) + "\n");
        print("speculative: " + statsLine(proof.speculative) + "\n");
        if (proof.equal())
            print("equal: all " + std::to_string(proof.plain.tokens.size()) + " tokens\n");
    }
    if (proof.equal())
        return kDone;
    throw std::runtime_error("prove: expected equal tokens, found the first difference at token "
        + std::to_string(proof.first_difference) + ": plain " + std::to_string(proof.plain_token)
        + " (logit " + std::to_string(proof.plain_logit) + "), speculative "
        + std::to_string(proof.speculative_token) + " (logit "
        + std::to_string(proof.speculative_logit) + ")"
        + (settings.acceptance == AcceptanceMode::typical
                ? "; typical acceptance does not keep the text"
                : ""));
}

} // namespace

void addProve(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(app, program, "prove",
        "Plain and speculative decoding of a prompt side by side: equal, or the first difference "
        "(status 1)",
        "gorgon-cli prove --prompt \"Tell me a story\" --max-tokens 128",
        [options, &program] { return run(*options, program); });
    addPromptOptions(*command, options->prompt);
    addGenerationOptions(*command, options->generation);
    addModelOptions(*command, options->model);
    command->add_flag("--json", options->json, "Print both sides as one JSON value");
}

} // namespace gorgon
