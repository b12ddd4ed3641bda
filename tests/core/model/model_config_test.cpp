// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>

#include "core/model/json_file.h"
#include "core/model/model_config.h"
#include "tests/support/paths.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;
using namespace gorgon::tests;
using nlohmann::json;

namespace {

json soundConfig()
{
    return json::parse(R"({"model_type": "llama", "hidden_size": 64, "intermediate_size": 172,
        "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 320})");
}

class Fixture
{
public:
    ModelConfig read(const std::string& text)
    {
        m_folder.write("config.json", text);
        return readModelConfig(m_folder.path());
    }
    ModelConfig readWith(const std::string& patch)
    {
        json config = soundConfig();
        config.merge_patch(json::parse(patch));
        return read(config.dump());
    }
    /// As readWith, but null stays null.
    ModelConfig readNull(const std::string& name)
    {
        json config = soundConfig();
        config[name] = nullptr;
        return read(config.dump());
    }
    std::string refusal(const std::string& text)
    {
        try {
            read(text);
            return "";
        } catch (const std::runtime_error& error) {
            const std::string message = error.what();
            CHECK(message.find("config.json: ") != std::string::npos);
            CHECK(message.find('\n') == std::string::npos);
            return message;
        }
    }
    const ScratchFolder& folder() const { return m_folder; }

private:
    ScratchFolder m_folder;
};

} // namespace

TEST_CASE("The configurations of the fixtures are read")
{
    const std::filesystem::path models = dataFolder() / "models";
    const ModelConfig mha = readModelConfig(models / "llama_mha");
    CHECK(mha.architecture == "llama");
    CHECK(mha.dim == 64);
    CHECK(mha.ff_dim == 172);
    CHECK(mha.n_layers == 3);
    CHECK(mha.n_heads == 4);
    CHECK(mha.n_kv_heads == 4);
    CHECK(mha.head_dim == 16);
    CHECK(mha.vocab_size == 320);
    CHECK(mha.max_context == 256);
    CHECK(mha.rms_eps == 1e-6F);
    CHECK(mha.rope.theta == 10000);
    CHECK(mha.rope.scaling == RopeScaling::none);
    CHECK(!mha.tied_embeddings);
    CHECK(mha.stored_dtype == "float32");
    CHECK(mha.bos_token == 1);
    CHECK(mha.eos_tokens == std::vector<int>{2});
    CHECK(readModelConfig(models / "llama_mha_with_medusa").stated_medusa_heads == 5);

    // transformers 4 and 5 write the same model in two ways.
    for (const char* name : {"llama3_gqa_tied", "llama3_gqa_tied_bf16_v5"}) {
        const ModelConfig config = readModelConfig(models / name);
        CHECK(config.n_kv_heads == 2);
        CHECK(config.head_dim == 16);
        CHECK(config.tied_embeddings);
        CHECK(config.eos_tokens == std::vector<int>{2, 5, 6});
        CHECK(config.rope.theta == 500000);
        CHECK(config.rope.scaling == RopeScaling::llama3);
        CHECK(config.rope.factor == 8);
        CHECK(config.rope.low_freq_factor == 1);
        CHECK(config.rope.high_freq_factor == 4);
        CHECK(config.rope.original_context == 64);
        CHECK(supportedContext(config) == 512);
    }
    CHECK(readModelConfig(models / "llama3_gqa_tied_bf16_v5").stored_dtype == "bfloat16");
}

TEST_CASE_FIXTURE(Fixture, "Absent and null fields have the published defaults")
{
    const ModelConfig config = read(soundConfig().dump());
    CHECK(config.n_kv_heads == 4);
    CHECK(config.head_dim == 16);
    CHECK(config.max_context == 2048);
    CHECK(config.rope.theta == 10000);
    CHECK(config.bos_token == -1);
    CHECK(config.eos_tokens.empty());
    CHECK(!config.tied_embeddings);
    for (const char* name :
        {"num_key_value_heads", "head_dim", "rope_scaling", "rope_theta", "rms_norm_eps",
            "tie_word_embeddings", "attention_bias", "mlp_bias", "eos_token_id", "bos_token_id",
            "torch_dtype", "dtype", "pretraining_tp", "hidden_act", "rope_parameters",
            "quantization_config", "max_position_embeddings", "medusa_num_heads"})
    {
        CAPTURE(name);
        CHECK(readNull(name).head_dim == 16);
    }
}

TEST_CASE_FIXTURE(Fixture, "What published configurations say is understood")
{
    CHECK(readWith(R"({"eos_token_id": [2, 5]})").eos_tokens == std::vector<int>{2, 5});
    CHECK(readWith(R"({"eos_token_id": [-1, 7, 99999999999]})").eos_tokens == std::vector<int>{7});
    CHECK(readWith(R"({"head_dim": 128})").head_dim == 128);
    CHECK(readWith(R"({"hidden_size": 66, "head_dim": 16})").dim == 66);
    CHECK(readWith(R"({"attention_bias": true, "mlp_bias": true})").mlp_bias);
    CHECK(readWith(R"({"rope_scaling": {"type": "linear", "factor": 4.0}})").rope.factor == 4);
    CHECK(readWith(R"({"rope_scaling": {"rope_type": "dynamic", "factor": 2}})").rope.scaling
        == RopeScaling::dynamic);
    CHECK(readWith(R"({"rope_scaling": {"rope_type": "default"}})").rope.scaling
        == RopeScaling::none);
    CHECK(readWith(R"({"rope_parameters": {"rope_type": "default", "rope_theta": 1e6}})").rope.theta
        == 1e6);
    CHECK(
        readWith(
            R"({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": 4}})")
            .max_context
        == 4096);
    CHECK(readWith(R"({"unknown": {"deep": [1, [2, {"a": null}]]}})").dim == 64);

    folder().write("generation_config.json", R"({"eos_token_id": [11, 12], "temperature": 0.6})");
    CHECK(readWith(R"({"eos_token_id": 2, "bos_token_id": 1})").eos_tokens
        == std::vector<int>{11, 12});
    CHECK(readWith(R"({"eos_token_id": 2, "bos_token_id": 1})").bos_token == 1);
    folder().write("generation_config.json", R"({"eos_token_id": null})");
    CHECK(readWith(R"({"eos_token_id": 2})").eos_tokens == std::vector<int>{2});
    folder().write("generation_config.json", "[");
    CHECK_THROWS_AS(read(soundConfig().dump()), std::runtime_error);
}

TEST_CASE_FIXTURE(Fixture, "Every field is bounded, and the message names it")
{
    // Values that no field of a number takes, then each field's own bounds.
    const std::vector<std::string> never
        = {"-1", "0", "1e10", "\"64\"", "[64]", "{}", "true", "2147483648", "9223372036854775807",
            "18446744073709551615", "1e300", "-9223372036854775808", "64.0"};
    for (const char* field :
        {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
            "num_key_value_heads", "vocab_size", "head_dim", "max_position_embeddings"})
        for (const std::string& value : never) {
            CAPTURE(field);
            CAPTURE(value);
            json config = soundConfig();
            config[field] = json::parse(value);
            CHECK(refusal(config.dump()).find(field) != std::string::npos);
        }
    struct Row
    {
        const char* patch;
        const char* says;
    };
    for (const Row& row : {Row{R"({"hidden_size": 1048577})", "hidden_size"},
             Row{R"({"num_hidden_layers": 1001})", "num_hidden_layers"},
             Row{R"({"vocab_size": 4194305})", "vocab_size"},
             Row{R"({"head_dim": 514})", "head_dim"}, Row{R"({"head_dim": 15})", "even"},
             Row{R"({"num_attention_heads": 64})", "even"},
             Row{R"({"hidden_size": 4096})", "head dimension"},
             Row{R"({"num_attention_heads": 3})", "divide"},
             Row{R"({"num_key_value_heads": 3})", "divide"},
             Row{R"({"num_key_value_heads": 8})", "divide"},
             Row{R"({"num_attention_heads": 1048576, "head_dim": 512})", "times head_dim"},
             Row{R"({"max_position_embeddings": 67108865})", "max_position"},
             Row{R"({"rms_norm_eps": 0})", "rms_norm_eps"},
             Row{R"({"rms_norm_eps": -1e-5})", "rms_norm_eps"},
             Row{R"({"rms_norm_eps": "1e-5"})", "rms_norm_eps"},
             Row{R"({"rms_norm_eps": 2})", "rms_norm_eps"},
             Row{R"({"rope_theta": 0})", "rope_theta"}, Row{R"({"rope_theta": 0.5})", "rope_theta"},
             Row{R"({"rope_theta": -10000})", "rope_theta"},
             Row{R"({"rope_theta": 1e30})", "rope_theta"},
             Row{R"({"rope_theta": "x"})", "rope_theta"},
             Row{R"({"rope_parameters": {"rope_theta": 0}})", "rope_theta"},
             Row{R"({"rope_scaling": 4})", "rope_scaling"},
             Row{R"({"rope_scaling": []})", "rope_scaling"},
             Row{R"({"rope_scaling": {"type": "yarn"}})", "factor"},
             Row{R"({"rope_scaling": {"type": "su", "factor": 4}})", "\"su\" is not supported"},
             Row{R"({"rope_scaling": {"rope_type": "longrope", "factor": 4}})", "longrope"},
             Row{R"({"rope_scaling": {"type": 3}})", "type"},
             Row{R"({"rope_scaling": {"type": "linear"}})", "factor"},
             Row{R"({"rope_scaling": {"type": "linear", "factor": 0}})", "factor"},
             Row{R"({"rope_scaling": {"type": "linear", "factor": 0.5}})", "factor"},
             Row{R"({"rope_scaling": {"type": "linear", "factor": 1e9}})", "factor"},
             Row{R"({"rope_scaling": {"rope_type": "llama3", "factor": 8}})", "low_freq_factor"},
             Row{R"({"rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 4,
                "high_freq_factor": 4}})",
                 "high_freq_factor"},
             Row{R"({"rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1,
                "high_freq_factor": 4, "original_max_position_embeddings": 0}})",
                 "original_max"},
             Row{R"({"partial_rotary_factor": 0.5})", "partial"},
             Row{R"({"hidden_act": "gelu"})", "gelu"}, Row{R"({"hidden_act": 1})", "hidden_act"},
             Row{R"({"pretraining_tp": 2})", "pretraining_tp"},
             Row{R"({"model_type": "gemma"})",
                 "gemma\" is not supported; llama, mistral, qwen2, qwen3 and smollm3 are"},
             Row{R"({"model_type": "llama\n\u001b"})", "not supported"},
             Row{R"({"model_type": ""})", "model_type"}, Row{R"({"model_type": 3})", "model_type"},
             Row{R"({"tie_word_embeddings": "yes"})", "tie_word"},
             Row{R"({"attention_bias": 1})", "attention_bias"},
             Row{R"({"eos_token_id": "2"})", "eos_token_id"},
             Row{R"({"eos_token_id": [2, "3"]})", "eos_token_id"},
             Row{R"({"eos_token_id": {"a": 1}})", "eos_token_id"},
             Row{R"({"eos_token_id": 1.5})", "eos_token_id"},
             Row{R"({"torch_dtype": 16})", "torch_dtype"}})
    {
        CAPTURE(row.patch);
        json config = soundConfig();
        config.merge_patch(json::parse(row.patch));
        CHECK(refusal(config.dump()).find(row.says) != std::string::npos);
    }
    for (const char* field : {"model_type", "hidden_size", "intermediate_size", "num_hidden_layers",
             "num_attention_heads", "vocab_size"})
    {
        json config = soundConfig();
        config.erase(field);
        CHECK(refusal(config.dump()) != "");
    }
    CHECK(refusal(R"({"medusa_num_heads": 5, "version": "2"})").find("Medusa heads")
        != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "JSON from files is bounded in size and depth and has no key twice")
{
    const std::string sound = soundConfig().dump();
    const std::string inner = sound.substr(1);
    CHECK(refusal(sound) == "");
    CHECK(refusal(" \n" + sound + "\n ") == "");
    CHECK(refusal("{\"a\":" + std::string(31, '[') + std::string(31, ']') + "," + inner) == "");
    CHECK(refusal("{\"a\":" + std::string(32, '[') + std::string(32, ']') + "," + inner)
              .find("deeper")
        != std::string::npos);
    CHECK(refusal(std::string(100'000, '[')).find("deeper") != std::string::npos);
    CHECK(refusal("{\"a\":" + std::string(4 << 20, ' ') + "1," + inner).find("at most")
        != std::string::npos);
    CHECK(refusal(R"({"vocab_size":320,)" + inner).find("twice") != std::string::npos);
    CHECK(refusal(R"({"voc\u0061b_size":320,)" + inner).find("twice") != std::string::npos);
    CHECK(refusal(R"({"x":{"a":1,"a":2},)" + inner).find("twice") != std::string::npos);
    CHECK(refusal("\xEF\xBB\xBF" + sound).find("byte order mark") != std::string::npos);
    CHECK(refusal(sound + '\0').find("NUL") != std::string::npos);
    CHECK(refusal("{\"\xFF\":1," + inner).find("UTF-8") != std::string::npos);
    for (const std::string& text :
        {std::string(), std::string("{"), std::string("[]"), std::string("3"), std::string("null"),
            sound + "x", sound + sound, sound.substr(0, 40), "{\"a\":NaN," + inner,
            "{\"a\":1e999," + inner, "{'a':1," + inner, "{\"a\":1,," + inner, "/**/" + sound})
        CHECK(refusal(text) != "");
    // Values survive as they are.
    const json parsed = parseJson(R"({"a":[1,-2,0.5,"ü",null,true,{"b":[]}],"c":{}})", "x");
    CHECK(parsed.dump() == R"({"a":[1,-2,0.5,"ü",null,true,{"b":[]}],"c":{}})");
}

TEST_CASE("Scaled frequencies are those of the published code")
{
    // Bits of torch's results for the same formulas.
    ModelConfig config;
    config.max_context = 2048;
    config.head_dim = 16;
    config.rope.theta = 10000;
    const std::vector<float> plain = ropeFrequencies(config, 2048);
    REQUIRE(plain.size() == 8);
    CHECK(plain[0] == 1.0F);
    for (size_t i = 0; i < 8; ++i)
        CHECK(double(plain[i]) == doctest::Approx(std::pow(10000.0, -double(i) / 8)).epsilon(1e-6));

    config.rope.scaling = RopeScaling::linear;
    config.rope.factor = 4;
    for (size_t i = 0; i < 8; ++i)
        CHECK(ropeFrequencies(config, 2048)[i] == plain[i] / 4);
    CHECK(supportedContext(config) == 8192);
    CHECK(defaultContext(config) == 4096);
    config.rope.original_context = 1024;
    CHECK(supportedContext(config) == 4096);

    config.rope.scaling = RopeScaling::dynamic;
    config.rope.original_context = 0;
    config.rope.factor = 2;
    CHECK(ropeFrequencies(config, 100) == plain);
    CHECK(ropeFrequencies(config, 2048) == plain);
    const double theta = 10000 * std::pow(2.0 * 4096 / 2048 - 1, 16.0 / 14);
    CHECK(double(ropeFrequencies(config, 4096)[7])
        == doctest::Approx(std::pow(theta, -7.0 / 8)).epsilon(1e-5));
    CHECK(supportedContext(config) == 4096);
    CHECK(defaultContext(config) == 2048); // a longer one changes short prompts, too

    // Llama 3.1: wavelengths below 64 / 4 stay, those above 64 / 1 are divided by 8.
    config.rope = {500000, RopeScaling::llama3, 8, 1, 4, 64};
    const std::vector<float> scaled = ropeFrequencies(config, 512);
    const auto unscaled = [](int i) { return std::pow(500000.0, -double(i) / 8); };
    CHECK(scaled[0] == 1.0F);
    CHECK(double(scaled[2]) == doctest::Approx(unscaled(2) / 8).epsilon(1e-6));
    CHECK(double(scaled[7]) == doctest::Approx(unscaled(7) / 8).epsilon(1e-6));
    const double wavelength = 2 * 3.14159265358979 / unscaled(1);
    const double smooth = (64 / wavelength - 1) / 3;
    CHECK(double(scaled[1])
        == doctest::Approx((1 - smooth) * unscaled(1) / 8 + smooth * unscaled(1)).epsilon(1e-5));
    CHECK(supportedContext(config) == 2048);
}
