// SPDX-License-Identifier: Apache-2.0
// The whole engine on the emulated device: against the reference, against itself without heads, and
// under faults.
#include <doctest/doctest.h>

#include "core/decode/tree_choices.h"
#include "tests/kernels/cuda/emulated_device.h"
#include "tests/support/fixtures.h"

using namespace gorgon;
using namespace gorgon::tests;
using cuda::emulation::faults;
using cuda::emulation::figures;
using cuda::emulation::Promptness;

namespace {

const std::vector<int> kPrompt{1, 145, 207, 280, 258, 233};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kBrief = true;
#else
constexpr bool kBrief = false;
#endif

std::filesystem::path base()
{
    return dataFolder() / "models" / "llama_mha";
}
std::filesystem::path heads(const char* name = "llama_mha_trained")
{
    return dataFolder() / "medusa" / "heads" / name;
}

std::shared_ptr<const Model> loadOn(const std::shared_ptr<Backend>& backend,
    const std::filesystem::path& model, const std::filesystem::path& with_heads = {},
    std::optional<DType> weights = {}, std::optional<DType> cache_dtype = {}, int64_t context = 0)
{
    LoadOptions options;
    options.model = model;
    options.no_heads = with_heads.empty();
    if (!with_heads.empty())
        options.heads = with_heads;
    options.weights = weights;
    options.cache_dtype = cache_dtype;
    options.context = context;
    return loadModel(backend, options);
}

GenerateSettings sampled(float temperature, float top_p, int max_tokens, const TreeSpec& tree = {})
{
    GenerateSettings settings;
    settings.temperature = temperature;
    settings.top_p = top_p;
    if (temperature > 0)
        settings.acceptance = AcceptanceMode::exact;
    settings.seed = 20241121;
    settings.max_tokens = max_tokens;
    settings.ignore_eos = true;
    settings.tree = tree;
    return settings;
}

/// Text and cache with a tree are those without.
void checkIdentity(Engine& engine, float temperature, float top_p, int max_tokens)
{
    CAPTURE(temperature);
    CAPTURE(top_p);
    Session session = engine.makeSession();
    const Run plain = generate(engine, session, kPrompt, sampled(temperature, top_p, max_tokens));
    const auto rows = cacheRows(engine.model(), session);
    session.tokens.clear();
    const Run drafted = generate(engine, session, kPrompt,
        sampled(temperature, top_p, max_tokens, namedTree("mc_sim_7b_63")));
    CHECK(drafted.result.tokens == plain.result.tokens);
    CHECK(gorgon::tests::sameBits(cacheRows(engine.model(), session), rows));
}

/// The smallest there is: for tests of what surrounds the kernels.
std::shared_ptr<const Model> tinyModel(std::shared_ptr<Backend> backend, int n_heads)
{
    ModelConfig shape;
    shape.architecture = "llama";
    shape.dim = shape.ff_dim = shape.head_dim = 16;
    shape.n_layers = shape.n_heads = shape.n_kv_heads = 1;
    shape.vocab_size = 20;
    shape.max_context = 512;
    shape.tied_embeddings = true;
    return makeRandomModel(std::move(backend), shape, DType::bf16, 300, n_heads, false, 5);
}
const std::vector<int> kTinyPrompt{1, 2, 3};

std::vector<int> answerOf(Engine& engine, int max_tokens)
{
    Session session = engine.makeSession();
    return generate(engine, session, kPrompt, sampled(0, 1, max_tokens, namedTree("mc_sim_7b_63")))
        .result.tokens;
}

} // namespace

TEST_CASE("logits and greedy text of the fixture models, with keys and values in 16 bits")
{
    const EmulatedDevice device;
    for (const char* name :
        {"llama_mha", "llama_mha_bf16", "llama3_gqa_tied", "llama3_gqa_tied_bf16_v5"})
    {
        CAPTURE(name);
        const auto folder = dataFolder() / "models" / name;
        const auto model = loadOn(makeEmulatedCudaBackend(), folder);
        CHECK(model->cache_dtype == DType::f16);
        Engine engine(model);
        Session session = engine.makeSession();
        const auto expected = openTensorFile(folder / "expected.safetensors");
        const auto ids = readTensor<int64_t>(*expected, "p0.input_ids");
        const std::vector<int> prompt(ids.begin(), ids.end());
        std::vector<float> logits;
        engine.logits(session, prompt, {}, {}, logits, nullptr);
        const auto reference = readTensor<float>(*expected, "p0.logits");
        // Products of bf16 weights read rows of bf16.
        const float share = model->dtype == DType::f32 ? 1e-3F : 3e-2F;
        const float largest = maxDifference(reference, std::vector<float>(reference.size()));
        CHECK(maxDifference(logits, reference) < share * largest);
        const auto greedy = readTensor<int64_t>(*expected, "p0.greedy_ids");
        const size_t n = std::min<size_t>(greedy.size(), kBrief ? 3 : 12);
        GenerateSettings settings = sampled(0, 1, int(n));
        CHECK(generate(engine, session, prompt, settings).result.tokens
            == std::vector<int>(greedy.begin(), greedy.begin() + long(n)));
    }
}

TEST_CASE("text with heads equals text without, bit for bit")
{
    const EmulatedDevice device;
    Engine engine(loadOn(makeEmulatedCudaBackend(), base(), heads()));
    const int n = kBrief ? 4 : 10;
    checkIdentity(engine, 0, 1, n);
    checkIdentity(engine, 0.8F, 1, n);
    checkIdentity(engine, 0.8F, 0.9F, n);
    checkIdentity(engine, 1.2F, 0.5F, kBrief ? 2 : 5);
}

TEST_CASE("the same in every format of weights and cache")
{
    const EmulatedDevice device;
    const int n = kBrief ? 2 : 4;
    for (const DType weights : {DType::bf16, DType::f16, DType::q8, DType::q4}) {
        CAPTURE(dtypeName(weights));
        const DType cache = weights == DType::bf16 ? DType::bf16
            : weights == DType::q8                 ? DType::q8
                                                   : DType::f16;
        Engine engine(loadOn(makeEmulatedCudaBackend(), base(), heads(), weights, cache));
        CHECK(engine.model().cache_dtype == cache);
        if (!kBrief)
            checkIdentity(engine, 0, 1, n);
        checkIdentity(engine, 0.8F, 1, n);
    }
}

TEST_CASE("a prompt longer than a chunk is read by the library, and drafts still change nothing")
{
    const EmulatedDevice device;
    ModelConfig shape;
    shape.architecture = "llama";
    shape.dim = 32;
    shape.ff_dim = 48;
    shape.n_layers = 1;
    shape.n_heads = 2;
    shape.n_kv_heads = 1;
    shape.head_dim = 16;
    shape.vocab_size = 70;
    shape.max_context = 512;
    shape.tied_embeddings = true;
    for (const DType dtype : {DType::bf16, DType::q8}) {
        Engine engine(makeRandomModel(makeEmulatedCudaBackend(), shape, dtype, 400, 2, true, 5));
        std::vector<int> prompt;
        for (int i = 0; i < kMaxNodes + 9; i++)
            prompt.push_back(i * 37 % 70);
        std::vector<std::vector<int>> texts;
        for (const TreeSpec& tree : {TreeSpec{}, TreeSpec{"chain", chainChoices(2)}}) {
            Session session = engine.makeSession();
            texts.push_back(
                generate(engine, session, prompt, sampled(0.9F, 1, 6, tree)).result.tokens);
        }
        CHECK(texts[0] == texts[1]);
    }
}

TEST_CASE("a late device gives the same text; settings change without a new graph, trees with one")
{
    std::vector<int> expected;
    for (const Promptness promptness : {Promptness::at_once, Promptness::late}) {
        const EmulatedDevice device(promptness);
        Engine engine(tinyModel(makeEmulatedCudaBackend(), 4));
        Session session = engine.makeSession();
        GenerateSettings settings = sampled(0.8F, 1, 6, {"chain", chainChoices(4)});
        generate(engine, session, kTinyPrompt, settings);
        const int64_t captures = figures().n_captures;
        // Each step has its own temperature.
        int n_steps = 0;
        const auto source = [&]() -> const GenerateSettings& {
            settings.temperature = 0.7F + 0.01F * float(n_steps++);
            return settings;
        };
        const auto tokens = engine.generate(session, kTinyPrompt, source).tokens;
        CHECK(figures().n_captures == captures);
        if (expected.empty())
            expected = tokens;
        CHECK(tokens == expected);
        settings.tree = {"chain", chainChoices(2)};
        generate(engine, session, kTinyPrompt, settings);
        CHECK(figures().n_captures == captures + 1);
        generate(engine, session, kTinyPrompt, settings);
        CHECK(figures().n_captures == captures + 1);
    }
}

TEST_CASE("what is timed is a replayed graph, and a tree of 256 nodes never meets the library")
{
    const EmulatedDevice device;
    Engine engine(tinyModel(makeEmulatedCudaBackend(), 2));
    Session session = engine.makeSession();
    CHECK(engine.timeVerify(session, makeCandidateTree(chainChoices(3)), 9) > 0);
    CHECK(engine.timeHeads(2, 4) > 0);
    const int64_t captures = figures().n_captures, replays = figures().n_replays;
    engine.timeVerify(session, makeCandidateTree(chainChoices(3)), 9);
    engine.timeHeads(2, 4);
    CHECK(figures().n_captures == captures);
    CHECK(figures().n_replays == replays + 2);
    const int64_t calls = figures().n_library_calls;
    Choices wide;
    for (int i = 0; i < kMaxTopK; i++)
        for (int j = -1; j < 3; j++)
            wide.push_back(j < 0 ? Choice{i} : Choice{i, j});
    while (int(wide.size()) >= kMaxNodes)
        wide.pop_back();
    const CandidateTree tree = makeCandidateTree(wide);
    REQUIRE(tree.nodeCount() == kMaxNodes);
    const std::vector<int> tokens(size_t(tree.nodeCount()), 5);
    std::vector<float> logits;
    engine.logits(session, kTinyPrompt, tree, tokens, logits, nullptr);
    engine.timeVerify(session, tree, 9);
    CHECK(figures().n_library_calls == calls);
    engine.timePrefill(session, kMaxNodes);
    CHECK(figures().n_library_calls > calls);
}

TEST_CASE(
    "out of memory while loading is one sentence, and nothing is left behind, wherever it strikes")
{
    const EmulatedDevice device;
    const int64_t before = figures().live_allocations;
    int64_t n = 0;
    {
        const int64_t first = figures().n_allocations;
        Engine engine(loadOn(makeEmulatedCudaBackend(), base(), heads()));
        const Session session = engine.makeSession();
        n = figures().n_allocations - first;
    }
    CHECK(figures().live_allocations == before);
    REQUIRE(n > 20);
    for (int64_t k = 1; k <= n; k += kBrief ? 7 : 1) {
        CAPTURE(k);
        faults().allocation = k;
        bool is_told = false;
        try {
            Engine engine(loadOn(makeEmulatedCudaBackend(), base(), heads()));
            const Session session = engine.makeSession();
        } catch (const std::runtime_error& problem) {
            is_told = std::string(problem.what()).find("memory") != std::string::npos;
        } catch (const std::bad_alloc&) {
            is_told = true; // of an engine or a session; whoever makes them has words for it
        }
        CHECK(is_told);
        CHECK(faults().allocation == 0);
        CHECK(figures().live_allocations == before);
    }
    Engine engine(loadOn(makeEmulatedCudaBackend(), base(), heads()));
    CHECK(answerOf(engine, 3).size() == 3);
}

TEST_CASE("a model that does not fit is refused before anything is allocated")
{
    const EmulatedDevice device;
    cuda::emulation::setDeviceMemory(200 << 20);
    const auto backend = makeEmulatedCudaBackend();
    const uint64_t live = figures().live_bytes;
    CHECK_THROWS_WITH_AS(loadOn(backend, base()), doctest::Contains("too few"), std::runtime_error);
    CHECK(figures().live_bytes == live);
}

TEST_CASE("whatever is refused in an answer ends it with one sentence; the chat goes on elsewhere")
{
    const EmulatedDevice device;
    const GenerateSettings settings = sampled(0, 1, 4, {"chain", chainChoices(1)});
    Engine on_cpu(tinyModel(makeCpuBackend({.n_threads = 1}), 1));
    std::vector<int> expected;
    const cuda::emulation::Figures before = figures();
    cuda::emulation::Figures after;
    {
        Engine engine(tinyModel(makeEmulatedCudaBackend(), 1));
        Session session = engine.makeSession();
        after = figures();
        expected = generate(engine, session, kTinyPrompt, settings).result.tokens;
    }
    const int64_t n_launches = figures().n_launches - after.n_launches,
                  n_copies = figures().n_copies - after.n_copies,
                  n_kernels = figures().n_kernels - after.n_kernels;
    REQUIRE(n_launches > 50);
    REQUIRE(n_copies > 5);
    CHECK(figures().live_allocations == before.live_allocations);
    int n_told = 0, n_lost = 0;
    const auto strike = [&](int64_t& fault, int64_t k) {
        CAPTURE(k);
        std::vector<int> kept = kTinyPrompt;
        {
            Engine engine(tinyModel(makeEmulatedCudaBackend(), 1));
            Session session = engine.makeSession();
            fault = k;
            std::string told;
            try {
                engine.generate(session, kTinyPrompt, settings,
                    {{}, [&](const DecodeStep& step) -> std::optional<int> {
                         kept.insert(kept.end(), step.tokens.begin(), step.tokens.end());
                         return std::nullopt;
                     }});
            } catch (const std::runtime_error& problem) {
                told = problem.what();
            }
            CHECK(fault == 0);
            const std::string limitation = engine.backend().limitation();
            // What is refused while a graph is recorded costs the graph alone, and is told, too.
            if (told.empty())
                CHECK(kept.size() == kTinyPrompt.size() + expected.size());
            else
                CHECK(told.find("cuda:0 (Emulated device): expected") == 0);
            CHECK(told.empty() == !limitation.empty());
            n_told += told.empty() ? 0 : 1;
            n_lost += told.find("restarted") != std::string::npos ? 1 : 0;
        }
        // What was said before the fault is right, and another device takes the chat from there.
        REQUIRE(kept.size() <= kTinyPrompt.size() + expected.size());
        CHECK(std::equal(kept.begin() + long(kTinyPrompt.size()), kept.end(), expected.begin()));
        CHECK(figures().live_allocations == before.live_allocations);
        cuda::emulation::reviveDevice();
        Session session = on_cpu.makeSession();
        CHECK(generate(on_cpu, session, kept, sampled(0, 1, 2)).result.tokens.size() == 2);
    };
    const int64_t step = kBrief ? 5 : 1;
    for (int64_t k = 1; k <= n_launches; k += step)
        strike(faults().launch, k);
    for (int64_t k = 1; k <= n_copies; k += step)
        strike(faults().copy, k);
    CHECK(n_lost == 0);
    for (int64_t k = 1; k <= n_kernels; k += step)
        strike(faults().kernel, k);
    CHECK(n_lost == (n_kernels + step - 1) / step);
    CHECK(n_told > n_lost);
}
