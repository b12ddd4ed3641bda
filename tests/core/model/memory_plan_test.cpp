// SPDX-License-Identifier: Apache-2.0
#include "core/model/memory_plan.h"

#include <doctest/doctest.h>

#include "core/model/transformer.h"
#include "tests/core/model/fake_backend.h"

using namespace gorgon;

namespace {

/// Its operations take a byte of scratch for every position, and no matrix has less than 1 MB.
class NamedBackend : public tests::FakeBackend
{
public:
    std::string name() const override { return "cuda:0"; }
    uint64_t matrixBytes(const MatrixShape& shape) const override
    {
        return std::max(uint64_t(1) << 20, Backend::matrixBytes(shape));
    }
    uint64_t scratchBytes(
        std::span<const MatrixShape> matrices, const KvCache& cache, int n_heads) override
    {
        n_matrices = matrices.size();
        return uint64_t(cache.capacity) + uint64_t(n_heads) * 1000;
    }
    size_t n_matrices = 0;
};
NamedBackend backend;

PlannedMatrix matrixOf(int64_t n_out, int64_t n_in, DType dtype)
{
    PlannedMatrix matrix;
    matrix.parts = {StoredTensor{}};
    matrix.n_out = n_out;
    matrix.n_in = n_in;
    matrix.dtype = dtype;
    return matrix;
}

/// The shape of a Llama of 7 billion weights with two heads of their own vocabulary.
struct Llama
{
    ModelConfig config;
    LoadPlan plan;

    Llama()
    {
        config.dim = 4096;
        config.ff_dim = 11008;
        config.n_layers = 32;
        config.n_heads = config.n_kv_heads = 32;
        config.head_dim = 128;
        config.vocab_size = 32000;
        plan.dtype = plan.head_dtype = DType::bf16;
        plan.embedding = plan.lm_head = matrixOf(32000, 4096, DType::bf16);
        plan.final_norm.size = 4096;
        for (int i = 0; i < config.n_layers; i++) {
            PlannedLayer layer;
            layer.qkv = matrixOf(3 * 4096, 4096, DType::bf16);
            layer.output = matrixOf(4096, 4096, DType::bf16);
            layer.gate_up = matrixOf(2 * 11008, 4096, DType::bf16);
            layer.down = matrixOf(4096, 11008, DType::bf16);
            layer.attention_norm.size = layer.mlp_norm.size = 4096;
            plan.layers.push_back(layer);
        }
        for (int i = 0; i < 2; i++) {
            PlannedHead head;
            head.weights.push_back(matrixOf(4096, 4096, DType::bf16));
            head.biases.emplace_back();
            head.vocab = matrixOf(32000, 4096, DType::bf16);
            plan.heads.push_back(head);
        }
        const uint64_t matrices = 2 * 32000 * 4096ULL + 32 * (4 * 4096ULL + 3 * 11008) * 4096
            + 2 * (4096 + 32000ULL) * 4096;
        plan.memory_bytes = 2 * matrices + (1 + 32 * 2) * 4096 * sizeof(float);
    }
    std::string problem(double gigabytes, int64_t context = 4096) const
    {
        return memoryProblem(backend, config, plan, DType::f16, context, uint64_t(gigabytes * 1e9));
    }
};

bool has(const std::string& text, const char* part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("what a model needs is added up before anything is allocated")
{
    const Llama llama;
    const MemoryNeed need = memoryNeed(backend, llama.config, llama.plan, DType::f16, 4096);
    CHECK(need.heads == 2 * 2 * (4096 + 32000ULL) * 4096);
    CHECK(need.weights
        == llama.plan.memory_bytes - need.heads + (4096 + kMaxDepth) * 128 * sizeof(float));
    CHECK(need.cache == (4096 + kMaxNodes) * 2ULL * 32 * 32 * 128 * 2);
    CHECK(need.workspace == workspaceBytes(llama.config, 2));
    CHECK(need.logits == 256ULL * 32000 * 4);
    CHECK(need.scratch == 4096 + kMaxNodes + 32 * 1000);
    CHECK(backend.n_matrices == 2 + 32 * 4 + 2 * 2);
    CHECK(need.total()
        == need.weights + need.heads + need.cache + need.workspace + need.logits + need.scratch
            + kDeviceReserve);

    const MemoryNeed narrow
        = memoryNeed(backend, llama.config, llama.plan, DType::q8, 2048, DType::q4);
    CHECK(narrow.weights < need.weights / 3);
    CHECK(narrow.heads < need.heads / 3); // they had the base's format and follow it
    CHECK(narrow.cache < need.cache / 3);
    Llama other_heads;
    other_heads.plan.head_dtype = DType::q8;
    CHECK(
        memoryNeed(backend, other_heads.config, other_heads.plan, DType::q8, 2048, DType::q4).heads
        == need.heads);
}

TEST_CASE("a model that fits has no problem; one that does not is told what would")
{
    const Llama llama;
    const uint64_t total = memoryNeed(backend, llama.config, llama.plan, DType::f16, 4096).total();
    CHECK(llama.problem(double(total) * 1e-9 + 0.001) == "");
    const std::string just = llama.problem(double(total) * 1e-9 - 0.1);
    CHECK(has(just, "on cuda:0"));
    CHECK(has(just, "100 MB too few"));
    CHECK(has(just, "weights in q8"));
    CHECK(has(just, "weights in q4"));
    CHECK(has(just, "a context of"));
    const std::string tight = llama.problem(8);
    CHECK(!has(tight, "weights in q8"));
    CHECK(has(tight, "it fits with weights in q4"));
    CHECK(!has(tight, "a context of"));
    const std::string hopeless = llama.problem(1);
    CHECK(has(hopeless, "choose a smaller model or the CPU"));
}

TEST_CASE("the context that is offered fits, and the next longer one does not")
{
    const Llama llama;
    const uint64_t total = memoryNeed(backend, llama.config, llama.plan, DType::f16, 4096).total();
    for (const uint64_t missing : {1ULL, 500'000'000ULL, 1'500'000'000ULL}) {
        const uint64_t free_bytes = total - missing;
        const std::string problem
            = memoryProblem(backend, llama.config, llama.plan, DType::f16, 4096, free_bytes);
        const size_t at = problem.find("a context of ");
        REQUIRE(at != std::string::npos);
        const int64_t offered = std::stoll(problem.substr(at + 13));
        const auto fits = [&](int64_t context) {
            return memoryNeed(backend, llama.config, llama.plan, DType::f16, context).total()
                <= free_bytes;
        };
        CHECK(offered < 4096);
        CHECK(offered % 256 == 0);
        CHECK(fits(offered));
        CHECK(!fits(offered + 256));
    }
}

TEST_CASE("chunks of a prompt end at multiples of 256; whole ones are read together")
{
    CHECK(chunkEnd(0, 100, 1024) == 100);
    CHECK(chunkEnd(0, 256, 1024) == 256);
    CHECK(chunkEnd(0, 300, 1024) == 256);
    CHECK(chunkEnd(256, 300, 1024) == 300);
    CHECK(chunkEnd(0, 5000, 1024) == 1024);
    CHECK(chunkEnd(1024, 5000, 1024) == 2048);
    CHECK(chunkEnd(4096, 5000, 1024) == 4864);
    CHECK(chunkEnd(4864, 5000, 1024) == 5000);
    CHECK(chunkEnd(300, 5000, 1024) == 512); // a warm start meets the others' cuts
    CHECK(chunkEnd(512, 5000, 1024) == 1024);
    for (size_t done = 0, size = 2000; done < size; done = chunkEnd(done, size, 256))
        CHECK(chunkEnd(done, size, 256) == std::min(size, (done / 256 + 1) * 256));
}
