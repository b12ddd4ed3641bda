// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/inspect.h"
#include "app/cli/commands.h"
#include "app/cli/hub_access.h"
#include "core/model/file_error.h"
#include "core/model/model.h"
#include "core/text/tokenizer.h"

namespace gorgon {

namespace {

struct Options
{
    std::string path;
    std::string base;
    bool yes = false;
    bool deep = false;
    bool json = false;
};

constexpr uint64_t kQuickBytes = uint64_t(256) << 20; // a second or less from any disk

constexpr const char* kExamples
    = "gorgon-cli inspect models/vicuna-7b\n"
      "  gorgon-cli inspect medusa-vicuna-7b --model models/vicuna-7b\n"
      "  gorgon-cli inspect medusa_lm_head.pt --deep --json\n\n"
      "Heads are counted from their tensors, whatever config.json says. "
      "Read are Medusa's own formats\n(v1, v2, full models), vLLM's and "
      "TensorRT-LLM's. A remark is odd and does no harm; a problem\n"
      "keeps it from loading and makes the exit status 1.";

/// Loading a model leaves this to where text is made of tokens.
void checkTokenizer(const std::string& folder, ModelReport& report)
{
    if (report.kind != "model" || !report.config)
        return;
    try {
        const int n_tokens = loadTokenizer(folder)->vocabSize();
        const int n_rows = report.config->vocab_size;
        if (n_tokens > n_rows)
            report.remarks.push_back(shown(folder, 4096) + ": the tokenizer has "
                + std::to_string(n_tokens) + " tokens, the model's vocabulary "
                + std::to_string(n_rows) + "; text cannot use the last "
                + std::to_string(n_tokens - n_rows));
    } catch (const std::runtime_error& problem) {
        report.remarks.push_back(std::string("no text: ") + problem.what());
    }
}

/// Status 1 where something is wrong with it: the first problem is the error, the report has all.
int run(const Options& options, const Program& program)
{
    const auto path = modelOnDisk({options.path, "inspect", options.yes, true}, program);
    if (!path)
        throw std::runtime_error(options.path
            + ": expected a model or heads, a folder or a file, found nothing there; check the "
              "path");
    InspectOptions how;
    how.deep = options.deep;
    how.quick_bytes = kQuickBytes;
    how.stop = program.interrupt.token();
    if (!options.base.empty())
        how.base = modelOnDisk({options.base, "--model", options.yes, true}, program)
                       .value_or(options.base);
    ModelReport report;
    try {
        report = inspect(*path, how);
        checkTokenizer(path->string(), report);
    } catch (const LoadCancelled&) {
        throw Interrupted();
    }
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
        "What a model or heads folder or file is, with every problem found", kExamples,
        [options, &program] { return run(*options, program); });
    command->add_option("path", options->path, "Folder, file, or ORG/NAME of the hub")->required();
    command->add_option(
        "--model", options->base, "Model folder that the heads should fit; says why they do not");
    command->add_flag("--deep", options->deep,
        "Read every weight and count NaN and infinite ones (heads up to 256 MB are always read)");
    command->add_flag("--yes", options->yes, "Download what is not here without asking");
    command->add_flag("--json", options->json, "As one JSON value");
}

} // namespace gorgon
