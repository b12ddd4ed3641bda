// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "app/cli/auto_tree.h"
#include "app/cli/commands.h"
#include "app/cli/generation_options.h"
#include "app/cli/model_options.h"
#include "core/eval/benchmark.h"

namespace gorgon {

namespace {

struct Options
{
    ModelOptions model;
    BenchOptions bench;
    std::string tree = "default";
    std::vector<std::string> compare{"plain", "medusa"};
    bool json = false;
};

nlohmann::ordered_json orNull(const std::optional<double>& value)
{
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

nlohmann::ordered_json toJson(const BenchReport& report, const std::string& cpu)
{
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const BenchRow& row : report.rows)
        rows.push_back({{"nodes", row.nodes}, {"us", row.us}, {"us_p10", row.us_p10},
            {"us_p90", row.us_p90}, {"bytes", row.bytes}, {"bandwidth_share", row.bandwidth_share},
            {"roofline_share", row.roofline_share}});
    const MachineFigures& machine = report.machine;
    return {{"machine",
                {{"cpu", cpu}, {"threads", machine.n_threads}, {"read_gbs", machine.read_gbs},
                    {"gmacs",
                        {{"f32", machine.f32_gmacs}, {"bf16", machine.bf16_gmacs},
                            {"int8", machine.int8_gmacs}}}}},
        {"weights", report.weights}, {"rows", rows}, {"prefill_tps", report.prefill_tps},
        {"plain_tps", orNull(report.plain_tps)}, {"medusa_tps", orNull(report.medusa_tps)},
        {"tokens_per_step", orNull(report.tokens_per_step)}};
}

template <class... Values> void printLine(const char* format, Values... values)
{
    char line[300];
    std::snprintf(line, sizeof line, format, values...);
    print(line);
}

void printReport(const BenchReport& report, const std::string& cpu)
{
    const MachineFigures& machine = report.machine;
    print(cpu + "\n");
    printLine("%d threads, reads %.1f GB/s, 1e9 multiply-adds/s: f32 %.0f, bf16 %.0f, int8 %.0f\n",
        machine.n_threads, machine.read_gbs, machine.f32_gmacs, machine.bf16_gmacs,
        machine.int8_gmacs);
    printLine("weights %s\n\nnodes        us       p10       p90  bandwidth  roofline\n",
        report.weights.c_str());
    for (const BenchRow& row : report.rows)
        printLine("%5d %9.0f %9.0f %9.0f %8.0f %% %7.0f %%\n", row.nodes, row.us, row.us_p10,
            row.us_p90, row.bandwidth_share * 100, row.roofline_share * 100);
    constexpr double kMoreThanMemory = 1.3;
    const bool is_cached = std::any_of(report.rows.begin(), report.rows.end(),
        [&](const BenchRow& row) { return row.bandwidth_share > kMoreThanMemory; });
    if (is_cached)
        print("shares above 100 %: the processor's caches keep the weights, or a part of them\n");
    printLine("\nprompt  %8.1f tokens/s\n", report.prefill_tps);
    if (report.plain_tps)
        printLine("plain   %8.1f tokens/s\n", *report.plain_tps);
    if (report.medusa_tps)
        printLine("Medusa  %8.1f tokens/s, %.2f tokens a step\n", *report.medusa_tps,
            *report.tokens_per_step);
}

/// The limits of these two depend on the model, so core finds them passed.
std::string byOption(const std::string& problem)
{
    for (const auto& [core, option] : {std::pair{"prompt tokens:", "--prompt-tokens:"},
             std::pair{"new tokens:", "--new-tokens:"}})
        if (problem.starts_with(core))
            return option + problem.substr(std::string_view(core).size())
                + "; the context of the model holds no more (--context)";
    return problem;
}

constexpr int kAutoPrompt = 16; // tokens of its own text behind which the model is timed

int run(Options options, Program& program)
{
    checkTreeName(options.tree);
    const auto wanted = [&](const char* what) {
        return std::find(options.compare.begin(), options.compare.end(), what)
            != options.compare.end();
    };
    const auto model = options.model.random_weights ? makeRandomModel(options.model, program)
                                                    : openModel(options.model, program);
    options.bench.plain = wanted("plain");
    options.bench.medusa = wanted("medusa");
    options.bench.tree = chooseTree(options.tree, *model, kMaxTopK);
    options.bench.n_threads = options.model.threads;
    Engine engine(model);
    Session session = engine.makeSession();
    GenerateSettings settings;
    settings.tree = options.bench.tree;
    findTreeWhereAuto(settings, engine, session, ownText(engine, session, kAutoPrompt), program);
    options.bench.tree = settings.tree;
    BenchReport report;
    try {
        Progress progress(program, "measuring");
        report = runBench(
            engine, session, options.bench,
            [&](int done, int total) { progress.show(done, total); }, program.interrupt.token());
    } catch (const std::runtime_error& problem) {
        throw std::runtime_error(byOption(problem.what()));
    }
    if (program.interrupt.requested())
        throw Interrupted();
    warnLimitation(engine.backend(), program);
    const std::string cpu = engine.backend().description();
    if (options.json)
        printJson(toJson(report, cpu));
    else
        printReport(report, cpu);
    return kDone;
}

} // namespace

void addBench(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(app, program, "bench",
        "Speed of this machine, against what it can read and multiply",
        "gorgon-cli bench --tree-sizes 1,16,64 --repeat 9",
        [options, &program] { return run(*options, program); });
    BenchOptions& bench = options->bench;
    command
        ->add_option(
            "--prompt-tokens", bench.prompt_tokens, "Tokens before the steps that are measured")
        ->check(CLI::Range(1, 1 << 24))
        ->capture_default_str();
    command->add_option("--new-tokens", bench.new_tokens, "Tokens of each whole generation")
        ->check(CLI::Range(1, 1 << 24))
        ->capture_default_str();
    command->add_option("--repeat", bench.repeats, "Measurements of each; medians are printed")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command->add_option("--tree-sizes", bench.tree_sizes, "Nodes of a step, a list with commas")
        ->delimiter(',')
        ->check(CLI::Range(1, kMaxNodes))
        ->capture_default_str();
    command
        ->add_option("--compare", options->compare,
            "Whole generations to time: plain, medusa or plain,medusa")
        ->delimiter(',')
        ->check(CLI::IsMember({"plain", "medusa"}))
        ->capture_default_str();
    addRandomOptions(*command, options->model);
    addTreeOption(*command, options->tree);
    addModelOptions(*command, options->model);
    command->add_flag("--json", options->json, "Print the figures as one JSON value");
}

} // namespace gorgon
