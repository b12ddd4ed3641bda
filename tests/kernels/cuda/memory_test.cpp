// SPDX-License-Identifier: Apache-2.0
// What is planned of a device's memory is what is taken.
#include <doctest/doctest.h>

#include "core/decode/engine.h"
#include "core/model/base_vocab.h"
#include "core/model/memory_plan.h"
#include "tests/kernels/cuda/emulated_device.h"
#include "tests/support/paths.h"

using namespace gorgon;
using namespace gorgon::tests;
using cuda::emulation::figures;

namespace {

constexpr uint64_t kCounterBytes = sizeof(uint32_t); // of a record's mailbox

struct Files
{
    const char* model;
    const char* heads; // nullptr: none
};

/// As loadModel plans it; a plan points into what was opened.
struct Planned
{
    std::filesystem::path folder;
    ModelConfig config;
    Checkpoint checkpoint;
    LoadPlan plan;
    std::optional<StoredHeads> heads;

    Planned(const Files& files, DType weights)
        : folder(dataFolder() / "models" / files.model)
        , config(readModelConfig(folder))
        , checkpoint(Checkpoint::openFolder(folder))
        , plan(planModel(config, checkpoint, weights))
    {
        plan.head_dtype = weights;
        if (!files.heads)
            return;
        heads = openHeads(dataFolder() / "medusa" / "heads" / files.heads);
        dropBaseVocab(*heads, storedVocab(plan));
        planHeads(plan, *heads, std::nullopt);
    }
    MemoryNeed need(Backend& backend, DType cache, int64_t context) const
    {
        return memoryNeed(backend, config, plan, cache, context);
    }
};

std::shared_ptr<const Model> load(const std::shared_ptr<Backend>& backend, const Files& files,
    DType weights, DType cache, int64_t context)
{
    LoadOptions options;
    options.model = dataFolder() / "models" / files.model;
    options.no_heads = !files.heads;
    if (files.heads)
        options.heads = dataFolder() / "medusa" / "heads" / files.heads;
    options.weights = weights;
    options.cache_dtype = cache;
    options.context = context;
    return loadModel(backend, options);
}

} // namespace

TEST_CASE("what is planned for a model is what it takes, to the byte")
{
    struct Case
    {
        Files files;
        DType weights, cache;
        int64_t context;
    };
    const Files mha{"llama_mha", "llama_mha_trained"}, gqa{"llama3_gqa_tied", nullptr};
    for (const Case& one :
        {Case{mha, DType::f32, DType::f16, 16}, Case{mha, DType::bf16, DType::bf16, 256},
            Case{mha, DType::q8, DType::q8, 100}, Case{mha, DType::q4, DType::f16, 255},
            Case{gqa, DType::f16, DType::f16, 512}, Case{gqa, DType::q4, DType::q8, 33}})
    {
        CAPTURE(one.files.model);
        CAPTURE(dtypeName(one.weights));
        CAPTURE(one.context);
        const EmulatedDevice device;
        const std::shared_ptr<Backend> backend = makeEmulatedCudaBackend();
        const uint64_t before = figures().live_bytes;
        const Planned planned(one.files, one.weights);
        const MemoryNeed need = planned.need(*backend, one.cache, one.context);
        CHECK(figures().live_bytes == before); // a plan takes nothing

        const auto model = load(backend, one.files, one.weights, one.cache, one.context);
        REQUIRE(model->memoryBytes() == need.weights + need.heads);
        Engine engine(model);
        Session session = engine.makeSession();
        CHECK(session.cache.data.bytes() == need.cache);
        GenerateSettings settings;
        settings.max_tokens = 2;
        settings.temperature = 1;
        settings.acceptance = AcceptanceMode::exact;
        settings.top_p = 0.9F;
        settings.ignore_eos = true;
        engine.generate(session, std::vector<int>{1, 2, 3}, settings);
        const uint64_t logits = engine.workspaceBytes() - need.workspace;
        CHECK(logits == need.logits);
        CHECK(figures().live_bytes - before
            == need.weights + need.heads + need.cache + need.workspace + logits + need.scratch
                + kCounterBytes);
        CHECK(planned.need(*backend, one.cache, one.context).scratch == 0);
    }
}

TEST_CASE("scratch grows with the context, and a second model takes what is missing alone")
{
    const EmulatedDevice device;
    const std::shared_ptr<Backend> backend = makeEmulatedCudaBackend();
    const MatrixShape small[] = {{DType::bf16, 300, 128}}, large[] = {{DType::bf16, 3000, 512}};
    const auto need = [&](std::span<const MatrixShape> matrices, int64_t capacity) {
        return backend->scratchBytes(matrices, shapedCache(DType::f16, 2, 8, 128, capacity), 32);
    };
    CHECK(need(small, 100000) > need(small, 4096));
    // 98 superchunks of 1024 positions, 64 rows, 32 heads, 128 sums and two marks each.
    CHECK(need(small, 100000) - need(small, 4096) == (98 - 32) * 64ULL * 32 * 130 * 4);
    const uint64_t both = need(large, 4096), first = need(small, 4096);
    const uint64_t before = figures().live_bytes;
    const Matrix held = backend->makeMatrix(DType::bf16, 300, 128);
    const uint64_t taken = figures().live_bytes - before - held.data.bytes();
    CHECK(taken > 0);
    CHECK(need(small, 4096) == first - taken);
    CHECK(need(large, 4096) == both - taken);
}
