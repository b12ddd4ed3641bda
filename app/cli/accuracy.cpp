// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/eval/accuracy.h"
#include "app/cli/commands.h"
#include "app/cli/model_options.h"
#include "app/cli/prompt_options.h"

namespace gorgon {

namespace {

struct Options
{
    ModelOptions model;
    std::string text;
    std::string prompts;
    bool raw = false;
    int new_tokens = 20;
    int n_ranks = 20;
    bool json = false;
};

/// A list of texts or of id lists.
std::vector<std::vector<int>> readPrompts(
    const Options& options, const std::filesystem::path& folder, const Program& program)
{
    const nlohmann::json list = readJson(options.prompts);
    if (!list.is_array() || list.empty())
        throw std::runtime_error(options.prompts
            + ": expected a JSON list of prompts, texts or lists of ids, found something else");
    std::shared_ptr<const Tokenizer> tokenizer;
    std::shared_ptr<const ChatTemplate> chat_template;
    std::vector<std::vector<int>> prompts;
    for (const nlohmann::json& entry : list) {
        if (!entry.is_string()) {
            prompts.push_back(idsOf(entry, options.prompts));
            continue;
        }
        if (!tokenizer) {
            tokenizer = openTokenizer(folder, true, program);
            if (!options.raw)
                chat_template = chooseTemplate({}, folder, *tokenizer, program);
            if (!chat_template && !options.raw)
                program.note("this model has no chat template: the prompts are taken as typed");
        }
        const std::string text = entry.get<std::string>();
        prompts.push_back(chat_template
                ? renderPrompt(*chat_template, *tokenizer, {{"user", text, {}}}, true).tokens
                : encodeRaw(*tokenizer, text));
    }
    return prompts;
}

void printTable(const AccuracyTable& table)
{
    char cell[64];
    for (size_t head = 0; head < table.hits.size(); head++) {
        std::snprintf(cell, sizeof cell, "head %zu, %lld positions:", head + 1,
            static_cast<long long>(table.samples[head]));
        std::string line = cell;
        double sum = 0;
        for (size_t rank = 0; rank < table.hits[head].size(); rank++) {
            sum += table.share(int(head), int(rank));
            std::snprintf(cell, sizeof cell, " %.4f", table.share(int(head), int(rank)));
            line += cell;
        }
        std::snprintf(cell, sizeof cell, ", together %.4f\n", sum);
        print(line + cell);
    }
}

int run(const Options& options, Program& program)
{
    if (options.raw && options.prompts.empty())
        throw UsageError("--raw: goes with --prompts; a text is always read as typed");
    const std::filesystem::path folder = modelFolder(options.model, program, true);
    std::vector<std::vector<int>> prompts;
    std::vector<int> text;
    if (options.prompts.empty())
        text = encodeRaw(*openTokenizer(folder, true, program), readText(options.text));
    else
        prompts = readPrompts(options, folder, program);
    const auto model = openModel(options.model, program);
    if (model->heads.empty())
        throw std::runtime_error(folder.string()
            + ": expected Medusa heads to judge, found none; choose some with --heads");
    Engine engine(model);
    Session session = engine.makeSession();
    AccuracyTable table;
    {
        Progress progress(program, "judging");
        const auto show = [&](int done, int total) { progress.show(done, total); };
        const std::stop_token stop = program.interrupt.token();
        table = options.prompts.empty()
            ? measureTextAccuracy(engine, session, text, options.n_ranks, show, stop)
            : measureAccuracy(
                engine, session, prompts, options.new_tokens, options.n_ranks, show, stop);
    }
    if (program.interrupt.requested())
        throw Interrupted();
    if (!options.json) {
        printTable(table);
        return kDone;
    }
    nlohmann::ordered_json shares = nlohmann::ordered_json::array();
    for (size_t head = 0; head < table.hits.size(); head++) {
        shares.push_back(nlohmann::ordered_json::array());
        for (size_t rank = 0; rank < table.hits[head].size(); rank++)
            shares.back().push_back(table.share(int(head), int(rank)));
    }
    printJson({{"heads", table.hits.size()}, {"samples", table.samples}, {"hits", table.hits},
        {"accuracies", shares}});
    return kDone;
}

} // namespace

void addAccuracy(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(app, program, "accuracy",
        "How often each rank of each head is the token that comes, over a text or prompts",
        "gorgon-cli accuracy --text story.txt --json > accuracy.json",
        [options, &program] { return run(*options, program); });
    CLI::Option_group* input = command->add_option_group("Input", "One of these");
    input->add_option("--text", options->text, "Text file: heads are judged by the text itself");
    input->add_option("--prompts", options->prompts,
        "JSON file with a list of prompts, texts or lists of ids: heads are judged by the model's "
        "own greedy answers");
    input->require_option(1);
    command->add_flag("--raw", options->raw, "Leave the prompts as typed");
    command->add_option("--new-tokens", options->new_tokens, "Positions judged behind each prompt")
        ->check(CLI::Range(1, 1 << 20))
        ->capture_default_str();
    command->add_option("--ranks", options->n_ranks, "Ranks of each head")
        ->check(CLI::Range(1, kMaxTopK))
        ->capture_default_str();
    addModelOptions(*command, options->model);
    command->add_flag(
        "--json", options->json, "Print hits and shares as one JSON value, a file for tree search");
}

} // namespace gorgon
