// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/eval/perplexity.h"
#include "app/cli/commands.h"
#include "app/cli/model_options.h"
#include "app/cli/prompt_options.h"

namespace gorgon {

namespace {

struct Options
{
    ModelOptions model;
    std::string file;
    std::string tokens_file;
    std::string against;
    bool json = false;
};

struct Text
{
    std::vector<int> tokens; // without the begin token
    std::optional<int> bos;
};

/// The first of them is given, unless a begin token is.
void checkLength(const Text& text, const std::string& file)
{
    const size_t least = text.bos ? 1 : 2;
    if (text.tokens.size() < least)
        throw std::runtime_error(file + ": expected a text of at least " + std::to_string(least)
            + (least == 1 ? " token, found " : " tokens, found ")
            + std::to_string(text.tokens.size()));
}

Text readTokens(const Options& options, const std::filesystem::path& folder, const Program& program)
{
    Text text;
    if (options.tokens_file.empty()) {
        const auto tokenizer = openTokenizer(folder, true, program);
        text.tokens = tokenizer->encode(readText(options.file));
        if (tokenizer->addsBos() && tokenizer->bosToken() >= 0)
            text.bos = tokenizer->bosToken();
        checkLength(text, options.file);
        return text;
    }
    text.tokens = idsOf(readJson(options.tokens_file), options.tokens_file);
    const int bos = readModelConfig(folder).bos_token;
    if (!text.tokens.empty() && bos >= 0 && text.tokens.front() == bos) {
        text.tokens.erase(text.tokens.begin());
        text.bos = bos;
    }
    checkLength(text, options.tokens_file);
    return text;
}

void printReport(const PerplexityReport& report, const Model& model, const Model* against)
{
    char line[300];
    std::snprintf(line, sizeof line, "%s  perplexity %.5f, %lld tokens in %lld windows of %lld\n",
        dtypeName(model.dtype), report.perplexity, static_cast<long long>(report.n_tokens),
        static_cast<long long>(report.n_windows), static_cast<long long>(model.context));
    print(line);
    if (!against)
        return;
    const PerplexityReport::Against& other = *report.against;
    std::snprintf(line, sizeof line,
        "%s  perplexity %.5f\ndifference %+.3f %%, divergence %.3g nats a token (at most %.3g), "
        "the same likeliest token in %.2f %%\n",
        dtypeName(against->dtype), other.perplexity, other.relative_difference * 100, other.mean_kl,
        other.max_kl, other.same_top * 100);
    print(line);
}

int run(Options options, Program& program)
{
    const std::filesystem::path folder = modelFolder(options.model, program, true);
    const Text text = readTokens(options, folder, program);
    options.model.heads = "none";
    const auto model = openModel(options.model, program);
    std::shared_ptr<const Model> against;
    if (!options.against.empty()) {
        ModelOptions other = options.model;
        other.weights = options.against;
        other.cache_type = "auto";
        against = openModel(other, program);
    }
    PerplexityReport report;
    {
        Progress progress(program, "reading");
        report = measurePerplexity(
            model, against, text.tokens, text.bos,
            [&](int64_t done, int64_t total) { progress.show(double(done), double(total)); },
            program.interrupt.token());
    }
    if (program.interrupt.requested())
        throw Interrupted();
    if (!options.json) {
        printReport(report, *model, against.get());
        return kDone;
    }
    nlohmann::ordered_json json = {{"weights", dtypeName(model->dtype)},
        {"cache", dtypeName(model->cache_dtype)}, {"perplexity", report.perplexity},
        {"nll", report.nll}, {"tokens", report.n_tokens}, {"windows", report.n_windows},
        {"context", model->context},
        {"begin_token", text.bos ? nlohmann::ordered_json(*text.bos) : nlohmann::ordered_json()},
        {"against", nullptr}};
    if (report.against)
        json["against"] = {{"weights", dtypeName(against->dtype)},
            {"perplexity", report.against->perplexity}, {"nll", report.against->nll},
            {"relative_difference", report.against->relative_difference},
            {"mean_kl", report.against->mean_kl}, {"max_kl", report.against->max_kl},
            {"same_top", report.against->same_top}};
    printJson(json);
    return kDone;
}

} // namespace

void addPerplexity(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(app, program, "perplexity",
        "How well the model foresees a text, in windows of the context, each with the begin token",
        "gorgon-cli perplexity text.txt --weights q4 --against bf16",
        [options, &program] { return run(*options, program); });
    CLI::Option_group* input = command->add_option_group("Input", "One of these");
    input->add_option("FILE", options->file, "Text file");
    input->add_option("--tokens-file", options->tokens_file,
        "JSON file with a list of token ids; a begin token in front goes in front of every window; "
        "needs no tokenizer");
    input->require_option(1);
    command
        ->add_option("--against", options->against,
            "A second weight format, with --cache-type auto: its perplexity, and how far the "
            "predictions lie apart")
        ->check(CLI::IsMember({"native", "f32", "bf16", "f16", "q8", "q4"}));
    addModelOptions(*command, options->model);
    command->add_flag("--json", options->json, "Print the figures as one JSON value");
}

} // namespace gorgon
