// SPDX-License-Identifier: Apache-2.0
#include "tests/gpu/speed.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/eval/benchmark.h"

namespace gorgon::gpu {

namespace {

constexpr int kHeads = 4;
constexpr int kWarmUp = 4;

double median(std::vector<double> values)
{
    if (values.empty())
        return 0;
    const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// Microseconds of the steps of one answer: on the host, and of these what the device reports.
struct StepMedians
{
    double total_us = 0;
    double device_us = 0;
    double draft_us = 0;
    double accept_us = 0;
};

StepMedians timeSteps(
    Engine& engine, Session& session, std::span<const int> prompt, int n_nodes, int n_steps)
{
    GenerateSettings settings;
    settings.ignore_eos = true;
    // A tree's steps make one token at least.
    settings.max_tokens = n_steps;
    if (n_nodes > 1)
        settings.tree = {std::to_string(n_nodes) + " nodes", timedTree(n_nodes).choices};
    std::vector<double> total, device, draft, accept;
    const auto count = [&](const DecodeStep& step) -> std::optional<int> {
        if (step.index < kWarmUp)
            return std::nullopt;
        const StepTimes& times = step.times;
        total.push_back(times.total_us);
        device.push_back(times.draft_us + times.verify_us + times.accept_us);
        draft.push_back(times.draft_us);
        accept.push_back(times.accept_us);
        return std::nullopt;
    };
    engine.generate(session, prompt, settings, {{}, count});
    return {median(total), median(device), median(draft), median(accept)};
}

} // namespace

void measureSpeed(const std::shared_ptr<Backend>& backend, const SpeedOptions& options,
    const std::vector<DType>& formats)
{
    using Clock = std::chrono::steady_clock;
    say("\n## Steps of a large model\n");
    say("Random weights, %d wide, %d layers, vocabulary %d, four v2 heads; behind %d tokens; "
        "medians of %d "
        "steps.",
        options.config.dim, options.config.n_layers, options.config.vocab_size,
        options.prompt_tokens, options.n_steps - kWarmUp);
    for (const DType weights : formats) {
        const auto start = Clock::now();
        Engine engine(
            makeRandomModel(backend, options.config, weights, options.context, kHeads, false, 3));
        const std::chrono::duration<double> made = Clock::now() - start;
        Session session = engine.makeSession();
        const Model& model = engine.model();
        const double bytes = double(model.weight_bytes)
            + double(options.prompt_tokens) * double(kvPositionBytes(model));
        say("\n### %s: %.2f GB of weights and %.2f GB of keys and values a step, made in %.1f s\n",
            dtypeName(weights), double(model.weight_bytes) * 1e-9,
            (bytes - double(model.weight_bytes)) * 1e-9, made.count());
        std::vector<int> prompt(size_t(options.prompt_tokens), 1);
        for (size_t i = 0; i < prompt.size(); i++)
            prompt[i] = int(i * 31 % size_t(options.config.vocab_size));
        double prefill_us = HUGE_VAL;
        for (int i = 0; i < 3; i++)
            prefill_us = std::min(prefill_us, engine.timePrefill(session, options.prompt_tokens));
        say("| nodes | step us | / plain | GB/s | of a plain read | heads us | acceptance us | "
            "outside the "
            "device us |");
        say("| --- | --- | --- | --- | --- | --- | --- | --- |");
        double plain_us = 0;
        for (const int n_nodes : options.tree_sizes) {
            const StepMedians step = timeSteps(engine, session, prompt, n_nodes, options.n_steps);
            if (n_nodes == 1)
                plain_us = step.total_us;
            // A plain step reads no heads, a drafted one the vocabulary once more.
            const double gbs = bytes / step.total_us * 1e-3;
            say("| %d | %.0f | %.3f | %.0f | %s | %.1f | %.1f | %.1f |", n_nodes, step.total_us,
                step.total_us / plain_us, gbs,
                options.read_gbs > 0
                    ? (std::to_string(int(gbs / options.read_gbs * 100 + 0.5)) + " %").c_str()
                    : "?",
                step.draft_us, step.accept_us, step.total_us - step.device_us);
        }
        const double flops = 2.0 * double(options.prompt_tokens)
            * (double(options.config.n_layers)
                * (4.0 * double(options.config.dim) * double(options.config.dim)
                    + 3.0 * double(options.config.dim) * double(options.config.ff_dim)));
        say("\nprompt of %d: %.0f tokens/s, %.0f TFLOP/s of products", options.prompt_tokens,
            options.prompt_tokens / prefill_us * 1e6, flops / prefill_us * 1e-6);
    }
}

} // namespace gorgon::gpu
