// SPDX-License-Identifier: Apache-2.0
// What an engine on the emulated device does when memory is short while it answers, and what it
// allocates then.
#include <doctest/doctest.h>

#include "core/decode/engine.h"
#include "core/decode/tree_choices.h"
#include "core/model/load_where_it_fits.h"
#include "tests/kernels/cuda/emulated_device.h"
#include "tests/support/fixtures.h"

using namespace gorgon;
using namespace gorgon::tests;
using cuda::emulation::faults;
using cuda::emulation::figures;

namespace {

const std::vector<int> kPrompt{1, 2, 3};

std::shared_ptr<const Model> smallModel(DType dtype = DType::bf16, int64_t context = 300)
{
    ModelConfig shape;
    shape.architecture = "llama";
    shape.dim = shape.ff_dim = shape.head_dim = 16;
    shape.n_layers = shape.n_heads = shape.n_kv_heads = 1;
    shape.vocab_size = 20;
    shape.max_context = 4096;
    shape.tied_embeddings = true;
    return makeRandomModel(makeEmulatedCudaBackend(), shape, dtype, context, 3, false, 5);
}

GenerateSettings withTopP(const Choices& choices)
{
    GenerateSettings settings;
    settings.temperature = 0.8F;
    settings.acceptance = AcceptanceMode::exact;
    settings.top_p = 0.9F;
    settings.seed = 11;
    settings.max_tokens = 6;
    settings.ignore_eos = true;
    settings.tree = {"chain", choices};
    return settings;
}

LoadOptions fixtureOptions()
{
    LoadOptions options;
    options.model = dataFolder() / "models" / "llama_mha";
    options.heads = dataFolder() / "medusa" / "heads" / "llama_mha_trained";
    options.context = 64;
    return options;
}

} // namespace

TEST_CASE("a model too large for the device goes to the processor where that may be, and says why")
{
    const EmulatedDevice device;
    const int64_t live = figures().live_allocations;
    cuda::emulation::setDeviceMemory(200 << 20);
    std::vector<std::string> told;
    const LoadedModel loaded = loadWhereItFits(makeEmulatedCudaBackend(), true, {.n_threads = 1},
        fixtureOptions(), {}, {}, [&](const std::string& why) { told.push_back(why); });
    CHECK(loaded.model->backend->name() == "cpu");
    CHECK(told == std::vector<std::string>{loaded.fallback});
    CHECK(loaded.fallback.find("Computing on the CPU: ") == 0);
    for (const char* part : {"llama_mha: the model needs", "on cuda:0", "MB are free", "too few;"})
        CHECK(loaded.fallback.find(part) != std::string::npos);
    CHECK(loaded.model->heads.size() > 0);
    CHECK(figures().live_allocations == live);
    CHECK_THROWS_WITH_AS(
        loadWhereItFits(makeEmulatedCudaBackend(), false, {.n_threads = 1}, fixtureOptions()),
        doctest::Contains("too few"), DoesNotFit);

    cuda::emulation::setDeviceMemory(cuda::emulation::kDeviceBytes);
    const LoadedModel fits
        = loadWhereItFits(makeEmulatedCudaBackend(), true, {.n_threads = 1}, fixtureOptions());
    CHECK(fits.model->backend->name() == "cuda:0");
    CHECK(fits.fallback.empty());
}

TEST_CASE("memory that others took since it was planned sends a model to the processor, too")
{
    const EmulatedDevice device;
    const int64_t live = figures().live_allocations;
    for (const int64_t k : {1, 5, 12}) {
        CAPTURE(k);
        std::shared_ptr<Backend> backend = makeEmulatedCudaBackend();
        faults().allocation = k;
        const LoadedModel loaded
            = loadWhereItFits(std::move(backend), true, {.n_threads = 1}, fixtureOptions());
        CHECK(faults().allocation == 0);
        CHECK(loaded.model->backend->name() == "cpu");
        CHECK(loaded.fallback.find("cuda:0") != std::string::npos);
        CHECK(figures().live_allocations == live);
    }
}

TEST_CASE("whole chunks of a prompt are read together, with the same rows in the cache")
{
    const EmulatedDevice device;
    constexpr int kLong = 4 * kMaxNodes, kRest = 9;
    for (const DType dtype : {DType::bf16, DType::q4}) {
        CAPTURE(dtypeName(dtype));
        Engine engine(smallModel(dtype, kLong + 2 * kMaxNodes));
        std::vector<int> prompt;
        for (int i = 0; i < kLong + kRest; i++)
            prompt.push_back(int(uint32_t(i) * 2654435761U >> 16U) % 20);
        Session together = engine.makeSession(), apart = engine.makeSession();
        std::vector<std::pair<int, int>> read;
        GenerateSettings settings;
        settings.max_tokens = 1;
        const int64_t calls = figures().n_library_calls;
        engine.generate(together, prompt, settings,
            {[&](int done, int total) { read.emplace_back(done, total); }, {}});
        // Four products of one layer; q4 in one slab each.
        CHECK(figures().n_library_calls == calls + 4);
        CHECK(read
            == std::vector<std::pair<int, int>>{
                {kLong, kLong + kRest}, {kLong + kRest, kLong + kRest}});
        std::vector<float> logits;
        engine.logits(apart, prompt, {}, {}, logits, nullptr); // 256 rows at a time
        CHECK(figures().n_library_calls == calls + 4 + 4 * 4);
        apart.tokens = together.tokens = prompt;
        CHECK(gorgon::tests::sameBits(
            cacheRows(engine.model(), together), cacheRows(engine.model(), apart)));

        // A stop is seen between chunks; what was read stays.
        std::stop_source stop;
        Session stopped = engine.makeSession();
        CHECK(engine
                  .generate(stopped, prompt, settings, {[&](int, int) { stop.request_stop(); }, {}},
                      stop.get_token())
                  .finish
            == FinishReason::cancelled);
        CHECK(stopped.tokens.size() == size_t(kLong));
    }
}

TEST_CASE("whatever allocation of an answer finds no memory, the engine answers the next time")
{
    const EmulatedDevice device;
    const GenerateSettings settings = withTopP(chainChoices(3));
    std::vector<int> expected;
    int64_t n = 0;
    {
        Engine engine(smallModel());
        Session session = engine.makeSession();
        const int64_t before = figures().n_allocations;
        expected = generate(engine, session, kPrompt, settings).result.tokens;
        n = figures().n_allocations - before;
    }
    REQUIRE(n >= 3); // attention, a record's place, logits
    int n_short = 0;
    for (int64_t k = 1; k <= n; k++) {
        CAPTURE(k);
        Engine engine(smallModel());
        Session session = engine.makeSession();
        faults().allocation = k;
        CHECK_THROWS_AS(generate(engine, session, kPrompt, settings), std::bad_alloc);
        n_short += faults().allocation == 0;
        CHECK(engine.backend().limitation().empty());
        CHECK(generate(engine, session, kPrompt, settings).result.tokens == expected);
        Session fresh = engine.makeSession();
        CHECK(generate(engine, fresh, kPrompt, settings).result.tokens == expected);
    }
    CHECK(n_short == n);
}

TEST_CASE("an allocation that is refused for another reason ends the engine in one sentence")
{
    const EmulatedDevice device;
    const GenerateSettings settings = withTopP(chainChoices(3));
    for (int64_t k = 1; k <= 3; k++) {
        CAPTURE(k);
        Engine engine(smallModel());
        Session session = engine.makeSession();
        faults().refusal = k;
        CHECK_THROWS_WITH_AS(generate(engine, session, kPrompt, settings),
            doctest::Contains("cuda:0 (Emulated device): expected the device to go on"),
            std::runtime_error);
    }
}

TEST_CASE("with top-p, trees may grow: what they take is there, and no graph is lost")
{
    const EmulatedDevice device;
    Engine engine(smallModel());
    Session session = engine.makeSession();
    generate(engine, session, kPrompt, withTopP(chainChoices(1)));
    const uint64_t bytes = engine.workspaceBytes();
    const int64_t allocations = figures().n_allocations;
    for (int depth = 2; depth <= 3; depth++) {
        const int64_t captures = figures().n_captures;
        generate(engine, session, kPrompt, withTopP(chainChoices(depth)));
        CHECK(figures().n_captures == captures + 1);
    }
    const int64_t captures = figures().n_captures;
    generate(engine, session, kPrompt, withTopP(chainChoices(1)));
    CHECK(figures().n_captures == captures);
    CHECK(engine.workspaceBytes() == bytes);
    CHECK(figures().n_allocations == allocations);
}
