// SPDX-License-Identifier: Apache-2.0
// What loading says of a model, and the odd but valid files that it takes.
#include <doctest/doctest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/model/model.h"
#include "tests/core/model/fake_backend.h"
#include "tests/support/paths.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/tiny_model.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

std::shared_ptr<const Model> load(const std::filesystem::path& folder)
{
    LoadOptions options;
    options.model = folder;
    return loadModel(std::make_shared<FakeBackend>(), options);
}

std::filesystem::path more(const char* name)
{
    return dataFolder() / "models_more" / name;
}

uint64_t bytesOf(const LoadReport& report, const std::string& name)
{
    for (const LoadReport::Part& part : report.parts)
        if (part.name == name)
            return part.bytes;
    return 0;
}

std::shared_ptr<const Model> loadTiny(const std::vector<WrittenTensor>& tensors)
{
    const ScratchFolder folder;
    folder.write("config.json", kTinyConfig);
    folder.write("model.safetensors", safetensorsOf(tensors));
    return load(folder.path());
}

std::string refusalOfTiny(const std::vector<WrittenTensor>& tensors)
{
    try {
        loadTiny(tensors);
        return "";
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

} // namespace

TEST_CASE("The report names architecture, parts, types, rope, window and files")
{
    const LoadReport mistral = load(more("mistral_window_v5"))->report;
    CHECK(mistral.architecture == "Mistral");
    CHECK(mistral.window == "7 positions in every layer");
    CHECK(mistral.rope == "theta 10000");
    CHECK(mistral.memory_type == "bf16");
    CHECK(mistral.head_memory_type == "");
    CHECK(mistral.stored_types.size() == 1);
    // 48 of 53 rows, 2 layers of attention, feed-forward and norms, the final norm.
    CHECK(mistral.n_parameters
        == 48 * 24 + 2 * (24 * 24 * 2 + 24 * 8 * 2 + 3 * 24 * 24 + 2 * 24) + 24);
    REQUIRE(mistral.files.size() == 2);
    CHECK(mistral.files[0].filename() == "config.json");
    CHECK(mistral.files[1].filename() == "model.safetensors");
    CHECK(bytesOf(mistral, "embeddings") > 0);
    CHECK(bytesOf(mistral, "attention") > 0);
    CHECK(bytesOf(mistral, "feed-forward") > 0);
    CHECK(bytesOf(mistral, "norms") == (2 * 2 * 24 + 24) * sizeof(float));
    CHECK(bytesOf(mistral, "vocabulary") == 0);
    CHECK(bytesOf(mistral, "heads") == 0);
    CHECK(bytesOf(mistral, "rope table") > 0);
    REQUIRE(mistral.warnings.size() == 1);
    CHECK(mistral.warnings[0].find("53 rows; the first 48 are used") != std::string::npos);

    const auto with_heads = load(dataFolder() / "models" / "llama_mha_with_medusa");
    const LoadReport& report = with_heads->report;
    CHECK(report.architecture == "Llama");
    CHECK(report.n_head_parameters == 5 * (64 * 64 + 64 + 320 * 64));
    CHECK(bytesOf(report, "heads") == with_heads->head_bytes);
    CHECK(report.head_memory_type == "f32");
    CHECK(report.totalBytes()
        == with_heads->weight_bytes + with_heads->head_bytes + with_heads->embedding.data.bytes()
            + with_heads->rope_data.bytes());
    CHECK(report.warnings.empty());
    const ScratchFolder folder;
    const auto stored = dataFolder() / "models" / "llama_mha_with_medusa";
    nlohmann::json config = nlohmann::json::parse(bytesOf(stored / "config.json"));
    config["medusa_num_heads"] = 2;
    folder.write("config.json", config.dump());
    folder.write("model.safetensors", bytesOf(stored / "model.safetensors"));
    const auto misstated = load(folder.path());
    CHECK(misstated->heads.size() == 5);
    REQUIRE(misstated->report.warnings.size() == 1);
    CHECK(
        misstated->report.warnings[0].find("says 2 heads, the tensors are 5") != std::string::npos);

    CHECK(load(more("llama_head_dim"))->report.warnings.empty()); // inv_freq is no news
    CHECK(load(more("smollm3_interval"))->report.rope == "theta 2000000; none in layer 1 of 3");
    CHECK(load(dataFolder() / "models/llama3_gqa_tied")->report.files.size() == 4);
}

TEST_CASE("Tensors may lack the prefix, and what is not needed is listed")
{
    for (const char* prefix : {"model.", ""}) {
        const auto model = loadTiny(tinyTensors(prefix));
        CHECK(model->lm_head.n_out == 6);
        CHECK(model->report.warnings.empty());
    }
    std::vector<WrittenTensor> tensors = tinyTensors();
    tensors.push_back(floatTensor("model.layers.0.self_attn.rotary_emb.inv_freq", {2}));
    tensors.push_back(floatTensor("scalar", {}));
    tensors.push_back(floatTensor("empty", {0, 4}));
    tensors.push_back({"steps", "I64", {1}, std::string(8, '\0')});
    tensors.push_back({"flags", "BOOL", {3}, std::string(3, '\0')});
    const auto model = loadTiny(tensors);
    REQUIRE(model->report.warnings.size() == 1);
    CHECK(model->report.warnings[0].find("4 tensors are not used: empty, flags, scalar, steps")
        != std::string::npos);
}

TEST_CASE("A tensor that is missing or misshapen is named with what was expected and found")
{
    const std::vector<WrittenTensor> sound = tinyTensors();
    for (size_t i = 0; i < sound.size(); ++i) {
        CAPTURE(sound[i].name);
        std::vector<WrittenTensor> tensors = sound;
        tensors.erase(tensors.begin() + int64_t(i));
        CHECK(refusalOfTiny(tensors).find(sound[i].name) != std::string::npos);
        std::vector<int64_t> shape = sound[i].shape;
        shape.back() += 1;
        tensors = sound;
        tensors[i] = floatTensor(sound[i].name, shape);
        const std::string message = refusalOfTiny(tensors);
        CHECK(message.find(sound[i].name) != std::string::npos);
        CHECK(message.find("it has [") != std::string::npos);
        CHECK(message.find("should have the shape [") != std::string::npos);
    }
}

TEST_CASE("Heads are named by their format, and warned of where they may belong to another model")
{
    const ScratchFolder folder;
    folder.write("base/config.json", kTinyConfig);
    folder.write("base/model.safetensors", safetensorsOf(tinyTensors()));
    folder.write("heads/config.json", R"({"base_model_name_or_path": "lmsys/vicuna-7b-v1.3"})");
    folder.write("heads/medusa_lm_head.safetensors",
        safetensorsOf(
            {floatTensor("0.0.linear.weight", {8, 8}), floatTensor("0.1.weight", {9, 8})}));
    LoadOptions options;
    options.model = folder.path() / "base";
    options.heads = folder.path() / "heads";
    const LoadReport report = loadModel(std::make_shared<FakeBackend>(), options)->report;
    CHECK(report.head_format == "v1 (own vocabulary matrix)");
    REQUIRE(report.warnings.size() == 2);
    CHECK(
        report.warnings[0].find("have 9 rows, the base model knows 6 tokens") != std::string::npos);
    CHECK(report.warnings[1].find("\"lmsys/vicuna-7b-v1.3\"") != std::string::npos);
    options.no_heads = true;
    options.heads = {};
    CHECK(loadModel(std::make_shared<FakeBackend>(), options)->report.head_format == "");
}

TEST_CASE("Rows behind the vocabulary are not loaded")
{
    std::vector<WrittenTensor> tensors = tinyTensors();
    tensors[0] = floatTensor("model.embed_tokens.weight", {9, 8}, 1);
    tensors[2] = floatTensor("lm_head.weight", {7, 8}, 2);
    const auto model = loadTiny(tensors);
    CHECK(model->embedding.n_out == 6);
    CHECK(model->lm_head.n_out == 6);
    CHECK(model->embedding.data.as<float>()[6 * 8 - 1] == 1 + 47 / 64.0F);
    CHECK(model->report.warnings.size() == 2);
    uint64_t done = 0;
    uint64_t total = 0;
    const ScratchFolder folder;
    folder.write("config.json", kTinyConfig);
    folder.write("model.safetensors", safetensorsOf(tensors));
    LoadOptions options;
    options.model = folder.path();
    loadModel(std::make_shared<FakeBackend>(), options, [&](const LoadProgress& progress) {
        done = progress.done_bytes;
        total = progress.total_bytes;
    });
    CHECK(done == total);
}
