// SPDX-License-Identifier: Apache-2.0
#include "tests/gpu/identity.h"

#include <algorithm>

#include "core/eval/benchmark.h"
#include "core/eval/prove.h"
#include "tests/gpu/shapes.h"

namespace gorgon::gpu {

namespace {

constexpr int kHeads = 4;
constexpr int kLongEach = 8;

struct Tally
{
    int n_prompts = 0;
    int n_equal = 0;
    int64_t n_tokens = 0;
    int64_t n_steps = 0;
};

std::vector<int> randomPrompt(uint64_t& state, int vocab_size, int longest)
{
    const auto next = [&] {
        state = state * 6364136223846793005U + 1442695040888963407U;
        return uint32_t(state >> 33U);
    };
    std::vector<int> prompt(1 + next() % uint32_t(longest));
    for (int& token : prompt)
        token = int(next() % uint32_t(vocab_size));
    return prompt;
}

Tally prove(Engine& engine, float temperature, int n_prompts, const IdentityOptions& options)
{
    Session session = engine.makeSession();
    const int vocab_size = engine.model().config.vocab_size;
    uint64_t seed = 1000;
    Tally tally;
    for (int i = 0; i < n_prompts; i++) {
        GenerateSettings settings;
        settings.max_tokens = options.n_tokens;
        settings.ignore_eos = true;
        settings.temperature = temperature;
        settings.acceptance = temperature > 0 ? AcceptanceMode::exact : AcceptanceMode::greedy;
        settings.top_p = i % 4 == 3 ? 0.9F : 1.0F;
        settings.seed = seed + uint64_t(i);
        constexpr int kNodes[] = {64, 8, 100, 25, 256, 2};
        const int n_nodes = kNodes[i % 6];
        settings.tree = {std::to_string(n_nodes) + " nodes", timedTree(n_nodes).choices};
        const int longest
            = i % kLongEach == kLongEach - 1 ? options.longest() : options.longest_prompt;
        const std::vector<int> prompt = randomPrompt(seed, vocab_size, longest);
        const Proof proof = gorgon::prove(engine, session, prompt, settings);
        tally.n_prompts++;
        tally.n_equal += proof.equal() ? 1 : 0;
        tally.n_tokens += proof.speculative.stats.new_tokens;
        tally.n_steps += proof.speculative.stats.steps;
    }
    return tally;
}

} // namespace

void checkIdentity(
    const std::shared_ptr<Backend>& backend, const IdentityOptions& options, Findings& findings)
{
    constexpr DType kFormats[] = {DType::bf16, DType::f16, DType::q8, DType::q4};
    std::vector<Shape> shapes = smallShapes();
    shapes.resize(std::min(shapes.size(), size_t(std::max(1, options.most_shapes))), shapes[0]);
    const int n_models = int(shapes.size() * std::size(kFormats));
    const int each = (options.n_prompts + n_models - 1) / n_models;
    say("\n## Drafted text against plain text\n");
    say("%d prompts of up to %d tokens, every eighth of up to %d, answers of %d, trees of 2 to 256 "
        "nodes, top-p 0.9 for every fourth.\n",
        2 * each * n_models, options.longest_prompt, options.longest(), options.n_tokens);
    say("| model | weights | temperature | equal | tokens a step |");
    say("| --- | --- | --- | --- | --- |");
    for (const Shape& shape : shapes) {
        for (const DType weights : kFormats) {
            const int64_t context = options.longest() + options.n_tokens + 8;
            Engine engine(makeRandomModel(backend, shape.config, weights, context, kHeads,
                weights == DType::f16, 7, shape.cache));
            for (const float temperature : {0.0F, 0.8F}) {
                const Tally tally = prove(engine, temperature, each, options);
                say("| %s | %s | %.1f | %d of %d: %s | %.2f |", shape.name.c_str(),
                    dtypeName(weights), double(temperature), tally.n_equal, tally.n_prompts,
                    findings.verdict(tally.n_equal == tally.n_prompts),
                    double(tally.n_tokens) / double(std::max<int64_t>(1, tally.n_steps)));
            }
        }
    }
}

} // namespace gorgon::gpu
