// SPDX-License-Identifier: Apache-2.0
// The cases of tests/data/malformed that concern weights, and damage to sound models.
#include <doctest/doctest.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "core/model/model.h"
#include "fake_backend.h"
#include "tests/support/paths.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

std::string refusal(const LoadOptions& options)
{
    try {
        loadModel(std::make_shared<FakeBackend>(), options);
        return "";
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

/// A copy of the sound one-layer model: hidden 16, intermediate 24, vocabulary 40, heads 2.
class SoundModel
{
public:
    SoundModel()
    {
        for (const char* name : {"config.json", "model.safetensors"})
            m_folder.write(name, bytesOf(dataFolder() / "malformed" / "ok_control" / name));
    }
    std::string refuseWith(const std::string& name, const std::string& bytes)
    {
        m_folder.write(name, bytes);
        LoadOptions options;
        options.model = m_folder.path();
        return refusal(options);
    }
    /// The header with `what` replaced by text of the same length.
    std::string refuseEdited(const std::string& what, const std::string& with)
    {
        std::string bytes
            = bytesOf(dataFolder() / "malformed" / "ok_control" / "model.safetensors");
        const size_t at = bytes.find(what);
        REQUIRE(at != std::string::npos);
        REQUIRE(what.size() == with.size());
        return refuseWith("model.safetensors", bytes.replace(at, what.size(), with));
    }
    std::string refuseConfig(const std::string& patch)
    {
        nlohmann::json config = nlohmann::json::parse(
            bytesOf(dataFolder() / "malformed" / "ok_control" / "config.json"));
        config.merge_patch(nlohmann::json::parse(patch));
        return refuseWith("config.json", config.dump());
    }
    const ScratchFolder& folder() const { return m_folder; }

private:
    ScratchFolder m_folder;
};

} // namespace

TEST_CASE("Every case of the manifest ends as it says")
{
    const std::filesystem::path folder = dataFolder() / "malformed";
    const nlohmann::json manifest = nlohmann::json::parse(std::ifstream(folder / "manifest.json"));
    int n_cases = 0;
    for (const auto& item : manifest.at("cases")) {
        const std::string path = item.at("path");
        const std::string load_as = item.at("load_as");
        if (load_as != "model" && load_as != "medusa_heads")
            continue;
        CAPTURE(path);
        LoadOptions options;
        options.model = load_as == "model" ? folder / path : folder / "ok_control";
        if (load_as == "medusa_heads")
            options.heads = folder / path;
        const std::string message = refusal(options);
        INFO(message);
        CHECK((message == "") == (item.at("expect") == "ok"));
        if (message != "")
            CHECK(message.find(path) != std::string::npos);
        CHECK(message.find('\n') == std::string::npos);
        ++n_cases;
    }
    CHECK(n_cases == 14);
    for (const auto& entry : std::filesystem::directory_iterator("/tmp"))
        CHECK(!entry.path().filename().string().starts_with("pwned"));
}

TEST_CASE_FIXTURE(
    SoundModel, "Tensors that do not fit config.json are named before anything is allocated")
{
    CHECK(refuseConfig("{}") == "");
    for (const char* patch :
        {R"({"vocab_size": 41})", R"({"intermediate_size": 25})", R"({"num_hidden_layers": 2})",
            R"({"num_hidden_layers": 1000})", R"({"hidden_size": 32})",
            R"({"num_key_value_heads": 1})", R"({"head_dim": 16})", R"({"attention_bias": true})",
            R"({"mlp_bias": true})", R"({"hidden_size": 1048576, "num_attention_heads": 2048})"})
    {
        CAPTURE(patch);
        const std::string message = refuseConfig(patch);
        CHECK(message.find("the tensor ") != std::string::npos);
    }
    // More rows than the vocabulary are padding.
    CHECK(refuseConfig(R"({"vocab_size": 39})") == "");
    CHECK(refuseConfig(R"({"tie_word_embeddings": true})") == "");
    CHECK(refuseConfig(R"({"tie_word_embeddings": false})") == "");
    CHECK(refuseEdited("lm_head.weight", "lm_heat.weight").find("lm_head.weight")
        != std::string::npos);
    CHECK(refuseConfig(R"({"tie_word_embeddings": true})") == "");
}

TEST_CASE_FIXTURE(SoundModel, "Weights of a type that is not computed with are named")
{
    const std::string what = R"("model.norm.weight": {"dtype": "F32", "shape": [16])";
    CHECK(refuseEdited(what, R"("model.norm.weight": {"dtype": "I32", "shape": [16])")
              .find("it is I32")
        != std::string::npos);
}

TEST_CASE_FIXTURE(SoundModel, "Tensors beside those of the model are ignored")
{
    std::string bytes = bytesOf(folder().path() / "model.safetensors");
    uint64_t n = 0;
    std::memcpy(&n, bytes.data(), 8);
    const std::string header = bytes.substr(8, n);
    const std::string data = bytes.substr(8 + n);
    const std::string more
        = R"(, "model.layers.0.self_attn.rotary_emb.inv_freq": {"dtype": "F64", "shape": [2],)"
          " \"data_offsets\": ["
        + std::to_string(data.size()) + ", " + std::to_string(data.size() + 16) + "]}}";
    const size_t end = header.rfind('}');
    CHECK(refuseWith("model.safetensors",
              safetensorsOf(header.substr(0, end) + more, data + std::string(16, 'x')))
        == "");
}

TEST_CASE_FIXTURE(SoundModel, "A model cut off anywhere is refused")
{
    const std::string bytes = bytesOf(folder().path() / "model.safetensors");
    for (size_t size = 0; size < bytes.size(); size += size < 2000 ? 1 : 97) {
        CAPTURE(size);
        CHECK(refuseWith("model.safetensors", bytes.substr(0, size)) != "");
    }
}

TEST_CASE_FIXTURE(SoundModel, "A model that is cut off while it loads is an error")
{
    LoadOptions options;
    options.model = folder().path();
    const std::filesystem::path file = options.model / "model.safetensors";
    const std::string bytes = bytesOf(file);
    size_t n_steps = 0;
    loadModel(std::make_shared<FakeBackend>(), options, [&](const LoadProgress&) { ++n_steps; });
    for (size_t at = 1; at + 1 < n_steps; ++at) {
        folder().write("model.safetensors", bytes);
        size_t step = 0;
        const auto cut = [&](const LoadProgress&) {
            if (++step == at)
                std::filesystem::resize_file(file, 100);
        };
        CHECK_THROWS_WITH_AS(loadModel(std::make_shared<FakeBackend>(), options, cut),
            doctest::Contains("became shorter"), std::runtime_error);
    }
}

TEST_CASE_FIXTURE(SoundModel, "A folder of any name loads")
{
    for (const char* name : {"größe", "日本語", "🐍 snake", "with space", "new\nline"}) {
        const std::filesystem::path inner = folder().path() / name;
        std::filesystem::create_directory(inner);
        for (const char* file : {"config.json", "model.safetensors"})
            std::filesystem::copy_file(folder().path() / file, inner / file);
        LoadOptions options;
        options.model = inner;
        CHECK(refusal(options) == "");
    }
    LoadOptions options;
    options.model = folder().path() / "absent";
    CHECK(refusal(options).find("no such file") != std::string::npos);
}
