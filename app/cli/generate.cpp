// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>

#include "app/cli/auto_tree.h"
#include "app/cli/commands.h"
#include "app/cli/generation_options.h"
#include "app/cli/model_options.h"
#include "app/cli/prompt_options.h"
#include "app/cli/result_json.h"
#include "core/chat/text_generator.h"
#include "core/store/recording.h"

namespace gorgon {

namespace {

struct Options
{
    ModelOptions model;
    GenerationOptions generation;
    PromptOptions prompt;
    std::string trace;
    bool json = false;
};

/// One record a line, or nothing where no file was asked for.
class Trace
{
public:
    explicit Trace(const std::string& path)
        : m_path(path)
    {
        if (m_path.empty())
            return;
        m_file.open(m_path, std::ios::binary | std::ios::trunc);
        check();
    }
    void write(const DecodeStep& step)
    {
        if (!m_path.empty())
            m_file << recordLine(step) << '\n';
    }
    void finish()
    {
        m_file.flush();
        check();
    }

private:
    void check() const
    {
        if (!m_path.empty() && !m_file)
            throw std::runtime_error("--trace " + m_path
                + ": expected to write the trace, found that this is impossible; check "
                  "folder, permissions and space");
    }

    std::string m_path;
    std::ofstream m_file;
};

int run(const Options& options, Program& program)
{
    makeSettings(options.generation, options.model.seed);
    checkTreeName(options.generation.tree);
    const bool ids_only = !options.prompt.tokens_file.empty();
    const std::filesystem::path folder = modelFolder(options.model, program, true);
    const auto tokenizer = openTokenizer(folder, !ids_only, program);
    if (!tokenizer && !options.generation.stop.empty())
        throw UsageError("--stop: needs a tokenizer, this model folder has none");
    const Prompt prompt = readPrompt(options.prompt, folder, tokenizer, program);
    Trace trace(options.trace);
    const auto model = openModel(options.model, program);
    GenerateSettings settings = makeSettings(options.generation, options.model.seed, *model);
    Engine engine(model);
    Session session = engine.makeSession();
    AutoTuning tuning;
    tuning.prepare(settings, engine, session, program);
    const auto source = [&]() -> const GenerateSettings& {
        tuning.apply(settings);
        return settings;
    };

    nlohmann::ordered_json steps = nlohmann::ordered_json::array();
    const auto on_step = [&](const DecodeStep& step, const std::string& text) {
        trace.write(step);
        tuning.add(step);
        if (options.json)
            steps.push_back({{"tokens", step.tokens}, {"accept_length", step.accept_length},
                {"nodes", step.nodes.size()}});
        else if (tokenizer)
            print(forOutput(text));
        else
            for (const int token : step.tokens)
                print(std::to_string(token) + "\n");
    };
    Progress progress(program, "reading the prompt");
    const auto on_prefill = [&](int done, int total) { progress.show(done, total); };
    GenerateResult result;
    nlohmann::ordered_json text;
    if (tokenizer) {
        const GeneratedText generated
            = generateText(engine, session, tokenizer, prompt.tokens, prompt.at_start, source,
                {on_prefill, on_step,
                    [&](const std::string& rest) {
                        if (!options.json)
                            print(forOutput(rest));
                    }},
                program.interrupt.token());
        result = generated.result;
        text = generated.text;
    } else {
        const auto step_only = [&](const DecodeStep& step) -> std::optional<int> {
            on_step(step, "");
            return std::nullopt;
        };
        result = engine.generate(
            session, prompt.tokens, source, {on_prefill, step_only}, program.interrupt.token());
    }
    trace.finish();
    const std::string tuned = tuning.endAnswer(*model);
    if (options.json)
        printJson({{"tokens", result.tokens}, {"text", text}, {"finish", finishName(result.finish)},
            {"steps", steps},
            {"stats", statsJson(result.stats, *model, settings, usedTree(settings, *model))}});
    else if (tokenizer && forOutput("\x1b") != "\x1b")
        print("\n");
    program.note(statsLine(result));
    warnLimitation(*model->backend, program);
    if (!tuned.empty())
        program.note(tuned);
    return result.finish == FinishReason::cancelled ? kInterruptedStatus : kDone;
}

} // namespace

void addGenerate(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(app, program, "generate", "One completion",
        "gorgon-cli generate --prompt \"What is a gorgon?\" --max-tokens 64",
        [options, &program] { return run(*options, program); });
    addPromptOptions(*command, options->prompt);
    addGenerationOptions(*command, options->generation);
    addModelOptions(*command, options->model);
    command->add_option(
        "--trace", options->trace, "File for one decode-step record a line, as JSON");
    command->add_flag(
        "--json", options->json, "Print tokens, text, steps and figures as one JSON value");
}

} // namespace gorgon
