// SPDX-License-Identifier: GPL-3.0-or-later
// One file per job.
#include "app/cli/commands.h"
#include "app/cli/convert_heads.h"
#include "app/cli/convert_weights.h"

namespace gorgon {

namespace {

struct Options
{
    ModelOptions model; // of the weights, or the base of the heads
    ConvertHeadsArguments heads;
    std::string path;
    bool json = false;
};

constexpr const char* kExamples
    = "gorgon-cli convert medusa-vicuna-7b-v1.3 heads --to safetensors\n"
      "  gorgon-cli convert medusa-vicuna-7b-v1.3 for-vllm --to vllm\n"
      "  gorgon-cli convert heads heads-v2 --to v2 --model models/vicuna-7b\n"
      "  gorgon-cli convert heads vicuna-with-heads --to full --model models/vicuna-7b\n"
      "  gorgon-cli convert my-model --weights q8\n\n"
      "Formats of heads:\n"
      "v1           medusa_lm_head.safetensors, every head with its vocabulary matrix (Medusa,\n"
      "             TGI, TensorRT-LLM); heads without one get a copy of the base's\n"
      "v2           the same without matrices (TGI, LoRAX); only where they equal the base's\n"
      "full         base model and heads in one checkpoint, with the tokenizer's files\n"
      "vllm         model.safetensors and config.json as vLLM reads them\n"
      "safetensors  what they are, out of a .pt file\n\n"
      "Every weight of heads keeps its type and its bits. OUT is a folder, or a file\n"
      "*.safetensors for v1, v2 and safetensors; it appears once it is complete.";

int run(Options options, Program& program)
{
    if (!options.heads.to.empty()) {
        if (options.path.empty() || options.heads.out.empty())
            throw UsageError("--to: expected heads and what to make, found too few paths");
        options.heads.heads = options.path;
        options.heads.base = options.model.model;
        options.heads.json = options.json;
        options.heads.yes = options.model.yes;
        return convertHeads(options.heads, program);
    }
    if (!options.heads.out.empty())
        throw UsageError("--to: expected the format that the heads should have, found none");
    if (!options.path.empty() && !options.model.model.empty())
        throw UsageError("--model: expected one model, found PATH as well");
    if (!options.path.empty())
        options.model.model = options.path;
    if (options.model.weights != "q8" && options.model.weights != "q4")
        throw UsageError("--weights: expected q8 or q4, the formats that are kept in the cache, or "
                         "--to with a format of heads");
    return convertWeights(options.model, options.json, program);
}

} // namespace

void addConvert(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(app, program, "convert",
        "Heads from one published format to another (--to), or weights quantized ahead "
        "(--weights), into $XDG_CACHE_HOME/gorgon/weights (else ~/.cache/gorgon/weights), where "
        "every start with this format finds them; files there may be deleted at any time",
        kExamples, [options, &program] { return run(*options, program); });
    command->add_option("PATH", options->path,
        "Heads, a folder or a file (a full model too); for --weights a model folder");
    command->add_option("OUT", options->heads.out, "What to make of the heads");
    addModelOptions(*command, options->model);
    CLI::Option* to = command->add_option("--to", options->heads.to, "Format of the heads")
                          ->check(CLI::IsMember({"v1", "v2", "full", "vllm", "safetensors"}))
                          ->excludes("--weights");
    command
        ->add_flag("--force", options->heads.force,
            "Replace what is there already: a file, or a folder with nothing but a model's files")
        ->needs(to);
    command
        ->add_option(
            "--shard-size", options->heads.shard_gb, "GB of each weights file of a full model")
        ->check(CLI::Range(1e-6, 1e6))
        ->capture_default_str()
        ->needs(to);
    command->add_flag("--json", options->json, "The result as one JSON value");
}

} // namespace gorgon
