// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/model_options.h"

#include "app/cli/demo_model.h"
#include "app/cli/hub_access.h"
#include "core/model/load_where_it_fits.h"
#include "core/model/user_cache.h"
#include "kernels/accelerators.h"

#include <utility>

namespace gorgon {

namespace {

std::optional<DType> dtypeOf(const std::string& name)
{
    for (const DType dtype : {DType::f32, DType::bf16, DType::f16, DType::q8, DType::q4})
        if (name == dtypeName(dtype))
            return dtype;
    return std::nullopt; // "native", "auto", ""
}

/// A flag that means --weights FORMAT.
CLI::Option* addAlias(
    CLI::App& command, const char* flag, const char* format, ModelOptions& options)
{
    return command
        .add_flag_callback(
            flag, [&options, format] { options.weights = format; },
            std::string("The same as --weights ") + format)
        ->excludes("--weights");
}

std::string deviceProblem(const std::string& device)
{
    return isDeviceName(device) ? "" : "expected auto, cpu or cuda:N, found " + device;
}

/// What --device names, with a word where auto falls back to the processor.
std::shared_ptr<Backend> openBackend(const ModelOptions& options, const Program& program)
{
    ChosenBackend chosen;
    try {
        chosen = chooseBackend(options.device, {.n_threads = options.threads});
    } catch (const std::runtime_error& problem) {
        throw std::runtime_error(std::string("--device ") + problem.what());
    }
    if (chosen.is_surprise)
        program.note(chosen.fallback);
    else if (!chosen.fallback.empty())
        program.detail(chosen.fallback);
    program.detail(chosen.backend->name() + ": " + chosen.backend->description());
    return chosen.backend;
}

void checkContext(const ModelOptions& options, const ModelConfig& config)
{
    const int64_t most = supportedContext(config);
    if (options.context > most)
        throw std::runtime_error("--context " + std::to_string(options.context)
            + ": expected at most " + std::to_string(most)
            + ", the positions that this model supports; take fewer or leave the option out");
}

void addFolder(CLI::App& command, ModelOptions& options)
{
    command
        .add_option("--model", options.model,
            "Model: a folder, or ORG/NAME of the hub (default: the demo model)")
        ->check([](const std::string& folder) {
            return folder.empty() ? "expected a folder, found nothing" : "";
        });
    command.add_flag("--yes", options.yes, "Download models that are not here without asking");
}

void addComputing(CLI::App& command, ModelOptions& options)
{
    command.add_option("--heads", options.heads,
        "Medusa heads: a folder, a file, ORG/NAME of the hub, or none (default: those found with "
        "the "
        "model)");
    command
        .add_option("--device", options.device,
            "Where to compute (auto: the first GPU that can, else the CPU)")
        ->type_name("auto|cpu|cuda:N")
        ->check(deviceProblem, "")
        ->capture_default_str();
    command.add_option("--threads", options.threads, "Threads (default: as many as may be used)")
        ->check(CLI::Range(1, 1024));
    command.add_option("--weights", options.weights, "Weight format in memory")
        ->check(CLI::IsMember({"native", "f32", "bf16", "f16", "q8", "q4"}))
        ->capture_default_str();
    CLI::Option* const in_8_bit = addAlias(command, "--load-in-8bit", "q8", options);
    addAlias(command, "--load-in-4bit", "q4", options)->excludes(in_8_bit);
    command
        .add_option(
            "--head-weights", options.head_weights, "That of the heads (default: as the base)")
        ->check(CLI::IsMember({"f32", "bf16", "f16", "q8", "q4"}));
    command
        .add_option("--cache-type", options.cache_type,
            "Format of keys and values in memory (auto: f32 beside weights of f32 and in models "
            "narrower than 512, else f16)")
        ->check(CLI::IsMember({"auto", "f32", "f16", "bf16", "q8"}))
        ->capture_default_str();
    command
        .add_option("--context", options.context,
            "Tokens of context (default: the smaller of the model's and 4096)")
        ->check(CLI::Range(int64_t(1), int64_t(1) << 31));
    command.add_option("--seed", options.seed, "Seed of the draws (default: random, printed)");
}

constexpr const char* kComputing[] = {"--heads", "--device", "--threads", "--weights",
    "--load-in-8bit", "--load-in-4bit", "--head-weights", "--cache-type", "--context", "--seed"};
constexpr const char* kIdle = "Accepted as everywhere, without effect here";

} // namespace

void addModelFolder(CLI::App& command, ModelOptions& options)
{
    addFolder(command, options);
    addComputing(command, options);
    for (const char* name : kComputing)
        command.get_option(name)->group(kIdle);
}

void addModelOptions(CLI::App& command, ModelOptions& options)
{
    addFolder(command, options);
    addComputing(command, options);
}

void addIdleModelOptions(CLI::App& command, ModelOptions& options)
{
    addModelFolder(command, options);
    command.get_option("--model")->group(kIdle);
}

std::filesystem::path modelFolder(
    const ModelOptions& options, const Program& program, bool needs_weights)
{
    const std::string name = options.model.empty() ? demoModel().string() : options.model;
    const std::filesystem::path folder
        = modelOnDisk({name, "--model", options.yes, needs_weights}, program).value_or(name);
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error))
        throw std::runtime_error((options.model.empty() ? "" : "--model ") + folder.string()
            + ": expected the folder of a model, found "
            + (std::filesystem::exists(folder, error) ? "a file" : "nothing there")
            + "; give the path of a folder, or ORG/NAME of a model of the hub");
    return folder;
}

std::shared_ptr<const Model> openModel(const ModelOptions& options, Program& program)
{
    LoadOptions load;
    load.model = modelFolder(options, program, true);
    if (options.context > 0)
        checkContext(options, readModelConfig(load.model));
    load.no_heads = options.heads == "none";
    if (!load.no_heads && !options.heads.empty()) {
        load.heads = modelOnDisk({options.heads, "--heads", options.yes, true}, program);
        if (!load.heads)
            throw std::runtime_error("--heads " + options.heads
                + ": expected Medusa heads, found nothing there; give a folder, a file, ORG/NAME "
                  "of "
                  "the hub or none");
    }
    load.weights = dtypeOf(options.weights);
    load.head_weights = dtypeOf(options.head_weights);
    load.cache_dtype = dtypeOf(options.cache_type);
    load.context = options.context;
    load.weights_cache = userCacheFolder("weights");
    load.on_note = [&program](const std::string& note) { program.note(note); };
    std::shared_ptr<Backend> backend = openBackend(options, program);
    Progress progress(program, "loading");
    try {
        const auto model = loadWhereItFits(
            std::exchange(backend, nullptr), options.device == "auto",
            {.n_threads = options.threads}, load,
            [&](const LoadProgress& now) {
                progress.show(double(now.done_bytes), double(now.total_bytes));
            },
            program.interrupt.token(),
            [&](const std::string& why) {
                program.note(why);
            }).model;
        for (const std::string& warning : model->report.warnings)
            program.warn(warning);
        program.detail(load.model.string() + ": " + std::to_string(model->config.n_layers)
            + " layers, " + std::to_string(model->heads.size()) + " Medusa heads, "
            + dtypeName(model->dtype) + ", keys and values in " + dtypeName(model->cache_dtype)
            + ", context " + std::to_string(model->context));
        return model;
    } catch (const LoadCancelled&) {
        throw Interrupted();
    }
}

void addRandomOptions(CLI::App& command, ModelOptions& options)
{
    command.add_flag("--random-weights", options.random_weights,
        "Random weights and 4 heads in the shape of the folder's config.json: nothing else is "
        "needed");
    command
        .add_option("--random-heads", options.random_heads,
            "With --random-weights: heads that share the vocabulary matrix (v2) or have one each "
            "(v1)")
        ->check(CLI::IsMember({"v1", "v2"}))
        ->capture_default_str();
}

std::shared_ptr<const Model> makeRandomModel(const ModelOptions& options, Program& program)
{
    constexpr int kHeads = 4;
    const ModelConfig config = readModelConfig(modelFolder(options, program));
    const int64_t context = options.context > 0 ? options.context : defaultContext(config);
    checkContext(options, config);
    program.note("random weights in the shape of " + options.model);
    return makeRandomModel(openBackend(options, program), config,
        dtypeOf(options.weights).value_or(DType::bf16), context,
        options.heads == "none" ? 0 : kHeads, options.random_heads == "v1",
        options.seed.value_or(1), dtypeOf(options.cache_type));
}

void warnLimitation(Backend& backend, Program& program)
{
    if (const std::string limitation = backend.limitation(); !limitation.empty())
        program.warn(backend.name() + " " + limitation);
}

std::shared_ptr<const Tokenizer> openTokenizer(
    const std::filesystem::path& folder, bool required, const Program& program)
{
    if (required)
        return loadTokenizer(folder);
    std::error_code error;
    if (!std::filesystem::exists(folder / "tokenizer.model", error)
        && !std::filesystem::exists(folder / "tokenizer.json", error))
        return nullptr;
    try {
        return loadTokenizer(folder);
    } catch (const std::runtime_error& problem) {
        program.note(std::string("no text: ") + problem.what());
        return nullptr;
    }
}

} // namespace gorgon
