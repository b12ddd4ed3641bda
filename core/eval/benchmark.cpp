// SPDX-License-Identifier: Apache-2.0
#include "core/eval/benchmark.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/machine_speed.h"

namespace gorgon {

namespace {

constexpr int kPrefillTokens = 512; // of the prompt that is timed

/// The value below which `share` of the samples lie; samples not empty.
double quantile(std::vector<double> samples, double share)
{
    std::sort(samples.begin(), samples.end());
    return samples[size_t(share * double(samples.size() - 1) + 0.5)];
}

double median(std::vector<double> samples)
{
    return quantile(std::move(samples), 0.5);
}

void check(const char* what, int value, int low, int64_t high)
{
    if (high < low)
        throw std::runtime_error(std::string(what)
            + ": expected a context that holds a tree and a token behind them, found a shorter "
              "one");
    if (value < low || value > high)
        throw std::runtime_error(std::string(what) + ": expected " + std::to_string(low) + " to "
            + std::to_string(high) + ", found " + std::to_string(value));
}

/// Steps that are not timed, until they are no longer faster than the one before: the probe of
/// bandwidth took the caches, and some keep a whole model.
void fillCaches(Engine& engine, Session& session, const CandidateTree& tree, int kv_len,
    const std::stop_token& stop)
{
    constexpr int kMostSteps = 32;
    constexpr double kFaster = 0.98;
    double before = engine.timeVerify(session, tree, kv_len);
    int n_level = 0; // steps in a row that gained nothing
    for (int i = 0; i < kMostSteps && n_level < 2 && !stop.stop_requested(); i++) {
        const double now = engine.timeVerify(session, tree, kv_len);
        n_level = now < kFaster * before ? 0 : n_level + 1;
        before = std::min(before, now);
    }
}

/// Multiply-adds of a row in all matrices that a step reads.
double weightsPerRow(const Model& model)
{
    const auto size = [](const Matrix& w) { return double(w.n_out) * double(w.n_in); };
    double sum = size(model.vocabMatrix());
    for (const LayerWeights& layer : model.layers)
        sum += size(layer.qkv) + size(layer.output) + size(layer.gate_up) + size(layer.down);
    return sum;
}

} // namespace

std::vector<int> ownText(Engine& engine, Session& session, int n)
{
    const ModelConfig& config = engine.model().config;
    std::vector<int> text{std::clamp(config.bos_token, 0, config.vocab_size - 1)};
    if (n <= 1)
        return text;
    GenerateSettings settings;
    settings.max_tokens = n - 1;
    settings.temperature = 0.7F;
    settings.acceptance = AcceptanceMode::exact;
    settings.seed = 1;
    settings.ignore_eos = true;
    const GenerateResult result = engine.generate(session, text, settings, {}, {});
    text.insert(text.end(), result.tokens.begin(), result.tokens.end());
    return text;
}

CandidateTree timedTree(int n_nodes)
{
    constexpr int kChildren = 4;
    Choices choices;
    Choices level{{}};
    while (int(choices.size()) + 1 < n_nodes) {
        Choices next;
        for (const Choice& parent : level)
            for (int rank = 0; rank < kChildren && int(choices.size()) + 1 < n_nodes; rank++) {
                next.push_back(parent);
                next.back().push_back(rank);
                choices.push_back(next.back());
            }
        level = std::move(next);
    }
    return makeCandidateTree(choices);
}

BenchReport runBench(Engine& engine, Session& session, const BenchOptions& options,
    const std::function<void(int done, int total)>& progress, std::stop_token stop)
{
    const Model& model = engine.model();
    check("prompt tokens", options.prompt_tokens, 1, model.context - kMaxDepth - 1);
    check("new tokens", options.new_tokens, 1, model.context - options.prompt_tokens);
    check("repeats", options.repeats, 1, 1000);
    std::vector<CandidateTree> trees;
    for (const int n : options.tree_sizes) {
        check("tree sizes", n, 1, kMaxNodes);
        trees.push_back(timedTree(n));
    }

    BenchReport report;
    report.weights = dtypeName(model.dtype);
    const int n_threads = options.n_threads > 0 ? options.n_threads : usableThreads();
    const int total = options.repeats * (int(trees.size()) + 1);
    int done = 0;
    std::vector<std::vector<double>> times(trees.size());
    std::vector<double> prefill;
    std::vector<double> read_gbs;
    for (const CandidateTree& tree : trees)
        engine.timeVerify(session, tree, options.prompt_tokens); // warm-up
    for (int repeat = 0; repeat < options.repeats && !stop.stop_requested(); repeat++) {
        read_gbs.push_back(measureReadBandwidth(n_threads));
        if (!trees.empty())
            fillCaches(engine, session, trees.front(), options.prompt_tokens, stop);
        for (size_t i = 0; i < trees.size() && !stop.stop_requested(); i++) {
            times[i].push_back(engine.timeVerify(session, trees[i], options.prompt_tokens));
            if (progress)
                progress(++done, total);
        }
        prefill.push_back(engine.timePrefill(session, kPrefillTokens));
        if (progress)
            progress(++done, total);
    }
    if (stop.stop_requested())
        return report;
    const MachinePeaks peaks = measureMultiplyAdd(n_threads);
    report.machine = {n_threads, median(read_gbs), peaks.f32, peaks.bf16, peaks.int8};
    report.prefill_tps
        = std::min<double>(kPrefillTokens, double(model.context)) / median(prefill) * 1e6;

    const double weights_per_row = weightsPerRow(model);
    const double gmacs = peaks.of(model.dtype, model.config.dim);
    for (size_t i = 0; i < trees.size(); i++) {
        BenchRow row{.nodes = options.tree_sizes[i]};
        row.us = median(times[i]);
        row.us_p10 = quantile(times[i], 0.1);
        row.us_p90 = quantile(times[i], 0.9);
        row.bytes = model.weight_bytes + kvPositionBytes(model) * options.prompt_tokens;
        const double read_us = double(row.bytes) / report.machine.read_gbs * 1e-3;
        const double multiply_us = gmacs > 0 ? weights_per_row * row.nodes / gmacs * 1e-3 : 0;
        row.bandwidth_share = read_us / row.us;
        row.roofline_share = std::max(read_us, multiply_us) / row.us;
        report.rows.push_back(row);
    }

    // Whole generations, plain and drafted in alternation.
    std::vector<double> plain_tps;
    std::vector<double> medusa_tps;
    std::vector<double> per_step;
    GenerateSettings settings;
    settings.max_tokens = options.new_tokens;
    settings.ignore_eos = true;
    const std::vector<int> prompt = ownText(engine, session, options.prompt_tokens);
    const auto run = [&](const TreeSpec& tree) {
        session.tokens.clear();
        settings.tree = tree;
        return engine.generate(session, prompt, settings, {}, stop).stats;
    };
    const bool medusa = options.medusa && !model.heads.empty() && !options.tree.choices.empty();
    for (int repeat = 0; repeat < options.repeats && !stop.stop_requested(); repeat++) {
        if (options.plain)
            plain_tps.push_back(run({}).tokensPerSecond());
        if (medusa) {
            const GenerateStats stats = run(options.tree);
            medusa_tps.push_back(stats.tokensPerSecond());
            per_step.push_back(stats.meanTokensPerStep());
        }
    }
    if (!plain_tps.empty())
        report.plain_tps = median(plain_tps);
    if (!medusa_tps.empty()) {
        report.medusa_tps = median(medusa_tps);
        report.tokens_per_step = median(per_step);
    }
    return report;
}

StepCosts measureStepCosts(Engine& engine, Session& session, const CandidateTree& tree, int repeats)
{
    const CandidateTree plain = timedTree(1);
    const int64_t kv_len = std::min<int64_t>(64, engine.model().context - kMaxDepth - 1);
    const auto rows = std::max<int64_t>(0, kv_len);
    std::vector<double> plain_us;
    std::vector<double> tree_us;
    for (int i = 0; i <= repeats; i++) {
        const double one = engine.timeVerify(session, plain, rows);
        double all = engine.timeVerify(session, tree, rows);
        if (tree.depth() > 0)
            all += engine.timeHeads(tree.depth(), tree.maxRank() + 1);
        if (i > 0) { // the first round warms up
            plain_us.push_back(one);
            tree_us.push_back(all);
        }
    }
    return {plain_us.empty() ? 0 : median(plain_us), tree_us.empty() ? 0 : median(tree_us)};
}

} // namespace gorgon
