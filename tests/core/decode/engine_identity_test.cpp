// SPDX-License-Identifier: Apache-2.0
// The first two promises: heads change the speed, never the text.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/decode/tree_choices.h"
#include "tests/support/fixtures.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

const std::vector<int> kPrompt{1, 145, 207, 280, 258, 233};

// The address sanitizer slows arithmetic down twenty times; there a few trees visit every line of
// code.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kBrief = true;
#else
constexpr bool kBrief = false;
#endif

std::vector<TreeSpec> trees()
{
    std::vector<TreeSpec> all;
    for (const std::string& name : treeNames())
        if (!kBrief || name == "mc_sim_7b_63")
            all.push_back(namedTree(name));
    if (kBrief)
        return all;
    all.push_back({"chain", chainChoices(5)});
    Choices wide;
    for (int i = 0; i < 60; i++)
        for (int depth = 1; depth <= 4; depth++) {
            wide.emplace_back(depth, 0);
            wide.back()[0] = i;
        }
    all.push_back({"wide", wide});
    return all;
}

struct Sampling
{
    float temperature;
    float top_p;
};

/// For one seed, every tree's tokens are plain decoding's.
void checkIdentity(Engine& engine, const std::vector<TreeSpec>& specs, const Sampling& sampling,
    const std::vector<int>& prompt, int max_tokens)
{
    CAPTURE(sampling.temperature);
    CAPTURE(sampling.top_p);
    Session session = engine.makeSession();
    GenerateSettings settings;
    settings.temperature = sampling.temperature;
    settings.top_p = sampling.top_p;
    if (sampling.temperature > 0)
        settings.acceptance = AcceptanceMode::exact;
    settings.seed = 20241121;
    settings.max_tokens = max_tokens = kBrief ? std::min(max_tokens, 20) : max_tokens;
    settings.ignore_eos = true;
    const Run plain = generate(engine, session, prompt, settings);
    const auto plain_cache = cacheRows(engine.model(), session);
    CHECK(int(plain.steps.size()) == max_tokens);
    for (const TreeSpec& tree : specs) {
        CAPTURE(tree.name);
        settings.tree = tree;
        session.tokens.clear();
        const Run drafted = generate(engine, session, prompt, settings);
        CHECK(drafted.result.tokens == plain.result.tokens);
        CHECK(sameBits(cacheRows(engine.model(), session), plain_cache));
        // The record of a step tells the same story as the text.
        for (const DecodeStep& step : drafted.steps)
            for (size_t i = 0; i < step.path.size(); i++) {
                const StepNode& node = step.nodes[step.path[i]];
                CHECK(node.verdict == Verdict::accepted);
                CHECK(node.token == step.tokens[i]);
                if (node.parent >= 0)
                    CHECK(step.nodes[node.parent].choice == node.token);
            }
    }
}

const Sampling kSamplings[] = {{0, 1}, {0.3F, 1}, {0.8F, 1}, {0.8F, 0.9F}, {1.2F, 0.5F}};

/// The fixture model with heads whose numbers the test chooses; v1 keeps its own vocabulary
/// matrices.
std::shared_ptr<const Model> withHeadValue(float value, std::optional<DType> weights = std::nullopt)
{
    const auto model = loadFixture(dataFolder() / "models" / "llama_mha",
        dataFolder() / "medusa" / "heads" / "llama_mha_trained", 1, weights);
    auto& heads = const_cast<Model&>(*model).heads; // before any engine reads it
    const int dim = model->config.dim;
    const std::vector<float> row(dim, value);
    for (MedusaHead& head : heads)
        for (MedusaHead::Block& block : head.blocks)
            model->backend->setRows(block.weight, 0, 1, row.data(), DType::f32);
    return model;
}

} // namespace

TEST_CASE("text with heads equals text without, for every tree, temperature and thread count")
{
    const auto base = dataFolder() / "models" / "llama_mha";
    for (const char* name : {"llama_mha_trained", "llama_mha_random", "llama_mha_bare"})
        for (const int n_threads : {1, 2}) {
            CAPTURE(name);
            CAPTURE(n_threads);
            Engine engine(loadFixture(base, dataFolder() / "medusa" / "heads" / name, n_threads));
            for (const Sampling& sampling : kSamplings)
                checkIdentity(engine, trees(), sampling, kPrompt, 60);
        }
}

TEST_CASE("the same in every weight format, and with grouped heads")
{
    const auto base = dataFolder() / "models" / "llama_mha";
    const auto heads = dataFolder() / "medusa" / "heads" / "llama_mha_trained";
    for (const DType dtype : {DType::bf16, DType::f16, DType::q8, DType::q4}) {
        CAPTURE(dtypeName(dtype));
        Engine engine(loadFixture(base, heads, 2, dtype));
        CHECK(engine.model().layers[0].qkv.dtype == dtype);
        for (const Sampling& sampling : kSamplings)
            checkIdentity(engine, trees(), sampling, kPrompt, 60);
    }
    if (sharedHas("fixtures/stories260K")) {
        Engine engine(loadFixture(sharedFolder() / "fixtures/stories260K",
            sharedFolder() / "fixtures/medusa/heads/stories260K_trained", 2));
        for (const Sampling& sampling : kSamplings)
            checkIdentity(engine, trees(), sampling, {1, 403, 407, 261, 378}, 150);
    }
}

TEST_CASE("the same in every format of the cache")
{
    const auto base = dataFolder() / "models" / "llama_mha";
    const auto heads = dataFolder() / "medusa" / "heads" / "llama_mha_trained";
    uint64_t bytes = UINT64_MAX;
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::q8}) {
        CAPTURE(dtypeName(dtype));
        Engine engine(loadFixture(base, heads, 2, std::nullopt, 0, dtype));
        CHECK(engine.makeSession().cache.dtype == dtype);
        for (const Sampling& sampling : kSamplings)
            checkIdentity(engine, trees(), sampling, kPrompt, 60);
        const uint64_t now = engine.makeSession().cache.data.bytes();
        CHECK((dtype == DType::bf16 ? now == bytes : now < bytes));
        bytes = now;
    }
    CHECK(loadFixture(base, heads, 1, DType::q8)->cache_dtype == DType::f32);
    ModelConfig wide;
    wide.dim = 512;
    CHECK(defaultCacheType(DType::bf16, wide) == DType::f16);
    CHECK(defaultCacheType(DType::f32, wide) == DType::f32);
}

TEST_CASE("threads do not change the text")
{
    const auto base = dataFolder() / "models" / "llama_mha";
    const auto heads = dataFolder() / "medusa" / "heads" / "llama_mha_trained";
    std::vector<std::vector<int>> texts;
    for (const int n_threads : {1, 2, 3}) {
        Engine engine(loadFixture(base, heads, n_threads));
        Session session = engine.makeSession();
        GenerateSettings settings;
        settings.temperature = 1;
        settings.acceptance = AcceptanceMode::exact;
        settings.seed = 7;
        settings.max_tokens = 100;
        settings.tree = namedTree("mc_sim_7b_63");
        texts.push_back(generate(engine, session, kPrompt, settings).result.tokens);
    }
    CHECK(texts[0] == texts[1]);
    CHECK(texts[0] == texts[2]);
}

TEST_CASE("broken heads change nothing but the speed")
{
    for (const float value :
        {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30F})
    {
        for (const auto weights : {std::optional<DType>{}, std::optional(DType::q8)}) {
            Engine engine(withHeadValue(value, weights));
            for (const Sampling& sampling : kSamplings)
                checkIdentity(engine, {namedTree("mc_sim_7b_63")}, sampling, kPrompt, 40);
        }
    }
    Engine engine(withHeadValue(std::numeric_limits<float>::quiet_NaN()));
    Session session = engine.makeSession();
    GenerateSettings settings;
    settings.tree = namedTree("mc_sim_7b_63");
    settings.max_tokens = 5;
    const Run run = generate(engine, session, kPrompt, settings);
    CHECK(run.steps[0].n_bad_heads == 4);
    for (const StepNode& node : std::span(run.steps[0].nodes).subspan(1))
        CHECK(node.token == -1);
}

TEST_CASE("a broken base model ends the generation with a sentence")
{
    const auto model = loadFixture(dataFolder() / "models" / "llama_mha");
    auto& norm = const_cast<Model&>(*model).final_norm;
    norm.as<float>()[3] = std::numeric_limits<float>::quiet_NaN();
    Engine engine(model);
    Session session = engine.makeSession();
    CHECK_THROWS_WITH_AS(
        generate(engine, session, kPrompt, {}), doctest::Contains("invalid"), std::runtime_error);
}

TEST_CASE("one seed, one text; another seed, another text")
{
    Engine engine(loadFixture(dataFolder() / "models" / "llama_mha"));
    Session session = engine.makeSession();
    GenerateSettings settings;
    settings.temperature = 1;
    settings.acceptance = AcceptanceMode::exact;
    settings.max_tokens = 60;
    settings.seed = 1;
    const auto first = generate(engine, session, kPrompt, settings).result.tokens;
    CHECK(generate(engine, session, kPrompt, settings).result.tokens == first);
    settings.seed = 2;
    CHECK(generate(engine, session, kPrompt, settings).result.tokens != first);
    settings.seed.reset();
    const Run random = generate(engine, session, kPrompt, settings);
    settings.seed = random.result.seed;
    CHECK(generate(engine, session, kPrompt, settings).result.tokens == random.result.tokens);
}

TEST_CASE("typical acceptance varies with the seed and follows its threshold")
{
    // The reference takes the arg-max as root, so its chat at 0.7 never varies.
    const auto heads = dataFolder() / "medusa" / "heads" / "llama_mha_trained";
    Engine engine(loadFixture(dataFolder() / "models" / "llama_mha", heads));
    Session session = engine.makeSession();
    GenerateSettings settings;
    settings.temperature = 0.9F;
    settings.acceptance = AcceptanceMode::typical;
    settings.tree = namedTree("mc_sim_7b_63");
    settings.max_tokens = 60;
    settings.ignore_eos = true;
    settings.seed = 1;
    const Run one = generate(engine, session, kPrompt, settings);
    settings.seed = 2;
    const Run two = generate(engine, session, kPrompt, settings);
    CHECK(one.result.tokens != two.result.tokens);
    for (const DecodeStep& step : one.steps)
        for (const StepNode& node : step.nodes) {
            if (node.parent < 0 || step.nodes.size() == 1)
                continue;
            const StepNode& parent = step.nodes[node.parent];
            const float threshold = std::min(
                settings.posterior_threshold, settings.posterior_alpha * std::exp(-parent.entropy));
            CHECK(node.threshold == doctest::Approx(threshold).epsilon(1e-4));
            const auto isIn = [](Verdict verdict) {
                return verdict == Verdict::accepted || verdict == Verdict::passed
                    || verdict == Verdict::beyond_end;
            };
            const bool parent_in = isIn(parent.verdict);
            const bool in = isIn(node.verdict);
            CHECK(in == (parent_in && node.posterior_prob > node.threshold));
            CHECK((node.verdict == Verdict::not_reached) == !parent_in);
        }
}
