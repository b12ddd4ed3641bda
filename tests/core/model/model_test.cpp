// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <map>

#include "core/model/model.h"
#include "fake_backend.h"
#include "plain_safetensors.h"
#include "tests/support/paths.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

std::vector<float> rows(const Matrix& matrix, int64_t first, int64_t n)
{
    const float* begin = matrix.data.as<float>() + first * matrix.n_in;
    return {begin, begin + n * matrix.n_in};
}

std::vector<float> rows(const Matrix& matrix)
{
    return rows(matrix, 0, matrix.n_out);
}

std::vector<float> elements(const Buffer& buffer)
{
    return {buffer.as<float>(), buffer.as<float>() + buffer.bytes() / sizeof(float)};
}

// Every weight of the model against the files, read in the straight way.
void checkBase(const Model& model, const std::vector<std::string>& files)
{
    std::vector<PlainSafetensors> sources;
    for (const std::string& file : files)
        sources.emplace_back(model.path / file);
    const auto stored = [&](const std::string& name) {
        for (const PlainSafetensors& source : sources)
            if (source.has(name))
                return source.values(name);
        FAIL("no tensor " << name);
        return std::vector<float>();
    };
    const ModelConfig& config = model.config;
    const int64_t q = int64_t(config.n_heads) * config.head_dim;
    const int64_t kv = int64_t(config.n_kv_heads) * config.head_dim;
    CHECK(rows(model.embedding) == stored("model.embed_tokens.weight"));
    CHECK(bool(model.lm_head) == !config.tied_embeddings);
    if (model.lm_head)
        CHECK(rows(model.lm_head) == stored("lm_head.weight"));
    CHECK(elements(model.final_norm) == stored("model.norm.weight"));
    REQUIRE(model.layers.size() == size_t(config.n_layers));
    for (int i = 0; i < config.n_layers; ++i) {
        const LayerWeights& layer = model.layers[size_t(i)];
        const std::string prefix = "model.layers." + std::to_string(i) + ".";
        CHECK(elements(layer.attention_norm) == stored(prefix + "input_layernorm.weight"));
        CHECK(elements(layer.mlp_norm) == stored(prefix + "post_attention_layernorm.weight"));
        CHECK(rows(layer.qkv, 0, q) == stored(prefix + "self_attn.q_proj.weight"));
        CHECK(rows(layer.qkv, q, kv) == stored(prefix + "self_attn.k_proj.weight"));
        CHECK(rows(layer.qkv, q + kv, kv) == stored(prefix + "self_attn.v_proj.weight"));
        CHECK(rows(layer.output) == stored(prefix + "self_attn.o_proj.weight"));
        CHECK(rows(layer.gate_up, 0, config.ff_dim) == stored(prefix + "mlp.gate_proj.weight"));
        CHECK(rows(layer.gate_up, config.ff_dim, config.ff_dim)
            == stored(prefix + "mlp.up_proj.weight"));
        CHECK(rows(layer.down) == stored(prefix + "mlp.down_proj.weight"));
        CHECK(!layer.qkv_bias);
    }
}

void checkHeads(const Model& model, const std::filesystem::path& file, const std::string& prefix,
    size_t n_heads, size_t n_blocks, bool own_vocab)
{
    const PlainSafetensors source(file);
    REQUIRE(model.heads.size() == n_heads);
    for (size_t i = 0; i < n_heads; ++i) {
        const MedusaHead& head = model.heads[i];
        REQUIRE(head.blocks.size() == n_blocks);
        const std::string name = prefix + std::to_string(i) + ".";
        for (size_t j = 0; j < n_blocks; ++j) {
            const std::string block = name + std::to_string(j) + ".linear.";
            CHECK(rows(head.blocks[j].weight) == source.values(block + "weight"));
            CHECK(elements(head.blocks[j].bias) == source.values(block + "bias"));
        }
        CHECK(bool(head.vocab) == own_vocab);
        if (own_vocab)
            CHECK(rows(head.vocab) == source.values(name + std::to_string(n_blocks) + ".weight"));
    }
}

std::shared_ptr<const Model> load(
    const std::filesystem::path& folder, const std::optional<std::filesystem::path>& heads = {})
{
    LoadOptions options;
    options.model = folder;
    options.heads = heads;
    return loadModel(std::make_shared<FakeBackend>(), options);
}

const std::filesystem::path kModels = dataFolder() / "models";
const std::filesystem::path kHeads = dataFolder() / "medusa" / "heads";

} // namespace

TEST_CASE("A model of one file has the weights of the file")
{
    const auto model = load(kModels / "llama_mha");
    CHECK(model->dtype == DType::f32);
    CHECK(model->context == 256);
    CHECK(model->heads.empty());
    checkBase(*model, {"model.safetensors"});
}

TEST_CASE("bf16 weights stay 16 bits wide unless asked otherwise")
{
    auto model = load(kModels / "llama_mha_bf16");
    CHECK(model->dtype == DType::bf16);
    CHECK(model->layers[0].qkv.dtype == DType::bf16);
    checkBase(*model, {"model.safetensors"});

    LoadOptions options;
    options.model = kModels / "llama_mha_bf16";
    options.weights = DType::f32;
    model = loadModel(std::make_shared<FakeBackend>(), options);
    CHECK(model->dtype == DType::f32);
    CHECK(model->layers[1].down.dtype == DType::f32);
}

TEST_CASE("Shards make one model, and tied embeddings have no vocabulary matrix of their own")
{
    const auto model = load(kModels / "llama3_gqa_tied");
    checkBase(*model,
        {"model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors",
            "model-00003-of-00003.safetensors"});
    CHECK(&model->vocabMatrix() == &model->embedding);
    checkBase(*load(kModels / "llama3_gqa_tied_bf16_v5"), {"model.safetensors"});
}

TEST_CASE("Heads are found in a full-model checkpoint")
{
    const auto model = load(kModels / "llama_mha_with_medusa");
    checkBase(*model, {"model.safetensors"});
    checkHeads(*model, model->path / "model.safetensors", "medusa_head.", 5, 1, true);
    CHECK(model->heads_path == model->path);

    LoadOptions options;
    options.model = model->path;
    options.no_heads = true;
    CHECK(loadModel(std::make_shared<FakeBackend>(), options)->heads.empty());
}

TEST_CASE("Heads of each stored form are loaded as stored")
{
    struct Row
    {
        const char* name;
        size_t n_heads;
        size_t n_blocks;
        bool own_vocab;
    };
    for (const Row& row :
        {Row{"llama_mha_random", 4, 1, true}, Row{"llama_mha_trained", 5, 1, true},
            Row{"llama_mha_layers2", 3, 2, true}, Row{"llama_mha_bare", 3, 1, false}})
    {
        CAPTURE(row.name);
        const std::filesystem::path folder = kHeads / row.name;
        const std::filesystem::path file = folder / "medusa_lm_head.safetensors";
        checkHeads(*load(kModels / "llama_mha", folder), file, "", row.n_heads, row.n_blocks,
            row.own_vocab);
        const std::filesystem::path twin = folder / "medusa_lm_head.pt";
        if (std::filesystem::exists(twin))
            checkHeads(*load(kModels / "llama_mha", twin), file, "", row.n_heads, row.n_blocks,
                row.own_vocab);
    }
}

TEST_CASE("Rows of a head's vocabulary that the base does not know are left out")
{
    const ScratchFolder folder;
    const auto write = [&](int64_t n_rows) {
        return folder.write("medusa_lm_head.safetensors",
            safetensorsOf({floatTensor("0.0.linear.weight", {64, 64}),
                floatTensor("0.1.weight", {n_rows, 64})}));
    };
    const auto model = load(kModels / "llama_mha", write(352));
    REQUIRE(model->heads.size() == 1);
    CHECK(model->heads[0].vocab.n_out == 320);
    CHECK(rows(model->heads[0].vocab).size() == 320 * 64);
    CHECK(rows(model->heads[0].vocab).back() == float(320 * 64 - 1) / 64);
    CHECK_THROWS_AS(load(kModels / "llama_mha", write(319)), std::runtime_error);
    CHECK_THROWS_AS(load(kModels / "llama_mha", write(640)), std::runtime_error);
}

TEST_CASE("Heads take the base's type unless asked otherwise")
{
    LoadOptions options;
    options.model = kModels / "llama_mha_bf16";
    options.heads = kHeads / "llama_mha_random";
    CHECK(loadModel(std::make_shared<FakeBackend>(), options)->heads[0].vocab.dtype == DType::bf16);
    options.head_weights = DType::f16;
    const auto model = loadModel(std::make_shared<FakeBackend>(), options);
    CHECK(model->heads[0].vocab.dtype == DType::f16);
    CHECK(model->head_dtype == DType::f16);
    CHECK(model->dtype == DType::bf16);
}

TEST_CASE("The context is bounded by what the model supports")
{
    LoadOptions options;
    options.model = kModels / "llama_mha";
    options.context = 100;
    const auto model = loadModel(std::make_shared<FakeBackend>(), options);
    CHECK(model->context == 100);
    CHECK(model->rope.cos.rows == 100 + kMaxDepth);
    CHECK(model->rope.cos.cols == 8);
    for (const int64_t wrong : {257, 1 << 30, -1}) {
        options.context = wrong;
        CHECK_THROWS_AS(loadModel(std::make_shared<FakeBackend>(), options), std::runtime_error);
    }
}

TEST_CASE("The rope table holds cosine and sine of position times frequency")
{
    const auto model = load(kModels / "llama3_gqa_tied");
    const std::vector<float> frequencies = ropeFrequencies(model->config, model->context);
    REQUIRE(model->rope.cos.rows == 512 + kMaxDepth);
    for (const int64_t position : {0, 1, 77, 511, 512 + kMaxDepth - 1})
        for (size_t i = 0; i < frequencies.size(); ++i) {
            const double angle = double(float(position) * frequencies[i]);
            const int64_t at = position * model->rope.cos.cols + int64_t(i);
            CHECK(
                double(model->rope.cos.data[at]) == doctest::Approx(std::cos(angle)).epsilon(1e-6));
            CHECK(
                double(model->rope.sin.data[at]) == doctest::Approx(std::sin(angle)).epsilon(1e-6));
        }
}

TEST_CASE("Progress counts every byte that is read, and a stop ends the loading")
{
    LoadOptions options;
    options.model = kModels / "llama_mha_with_medusa";
    std::vector<LoadProgress> seen;
    loadModel(std::make_shared<FakeBackend>(), options,
        [&](const LoadProgress& progress) { seen.push_back(progress); });
    REQUIRE(!seen.empty());
    CHECK(seen.back().done_bytes == seen.back().total_bytes);
    CHECK(seen.back().total_bytes
        == std::filesystem::file_size(options.model / "model.safetensors") - 8 - 4464);
    CHECK(seen.back().what == "medusa_head.4");
    for (size_t i = 1; i < seen.size(); ++i)
        CHECK(seen[i - 1].done_bytes <= seen[i].done_bytes);

    for (const size_t stop_at : {size_t(1), seen.size() / 2, seen.size() - 1}) {
        std::stop_source source;
        size_t calls = 0;
        const auto count = [&](const LoadProgress&) {
            if (++calls == stop_at)
                source.request_stop();
        };
        CHECK_THROWS_AS(
            loadModel(std::make_shared<FakeBackend>(), options, count, source.get_token()),
            LoadCancelled);
        CHECK(calls == stop_at);
    }
}

TEST_CASE("Memory that is not to be had is one sentence")
{
    auto backend = std::make_shared<FakeBackend>();
    backend->limit_bytes = 200'000;
    LoadOptions options;
    options.model = kModels / "llama_mha";
    CHECK_THROWS_WITH_AS(
        loadModel(backend, options), doctest::Contains("of memory"), std::runtime_error);
}

TEST_CASE("Byte counts leave out what a step does not read")
{
    const auto model = load(kModels / "llama_mha", kHeads / "llama_mha_bare");
    uint64_t bytes = model->lm_head.data.bytes() + model->final_norm.bytes();
    for (const LayerWeights& layer : model->layers)
        bytes += layer.attention_norm.bytes() + layer.qkv.data.bytes() + layer.output.data.bytes()
            + layer.mlp_norm.bytes() + layer.gate_up.data.bytes() + layer.down.data.bytes();
    CHECK(model->weight_bytes == bytes);
    CHECK(model->head_bytes == 3 * (64 * 64 + 64) * sizeof(float));
}

TEST_CASE("A random model is the same for the same seed and another for another")
{
    ModelConfig config = readModelConfig(kModels / "llama_mha");
    const auto make = [&](uint64_t seed, DType dtype) {
        return makeRandomModel(std::make_shared<FakeBackend>(), config, dtype, 128, 2, true, seed);
    };
    for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
        const auto model = make(7, dtype);
        CHECK(model->layers.size() == 3);
        CHECK(model->context == 128);
        CHECK(rows(model->layers[2].down) == rows(make(7, dtype)->layers[2].down));
        CHECK(rows(model->layers[2].down) != rows(make(8, dtype)->layers[2].down));
        CHECK(rows(model->layers[2].down) != rows(model->layers[1].down));
        REQUIRE(model->heads.size() == 2);
        CHECK(model->heads[1].blocks.size() == 1);
        double sum = 0;
        double squares = 0;
        for (const float value : rows(model->lm_head)) {
            sum += double(value);
            squares += double(value) * double(value);
        }
        const double n = double(model->lm_head.n_out * model->lm_head.n_in);
        CHECK(std::abs(sum / n) < 0.005);
        CHECK(std::sqrt(squares / n) == doctest::Approx(0.125).epsilon(0.02)); // 1 / sqrt(64)
        for (const float value : elements(model->heads[0].blocks[0].bias))
            CHECK(value != 0);
        CHECK(make(7, dtype)->heads[0].vocab.n_out == config.vocab_size);
    }
    CHECK(!makeRandomModel(std::make_shared<FakeBackend>(), config, DType::f32, 64, 1, false, 1)
               ->heads[0]
               .vocab);
    config.dim = 0;
    CHECK_THROWS_AS(make(1, DType::f32), std::runtime_error);
}
