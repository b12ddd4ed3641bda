// SPDX-License-Identifier: Apache-2.0
// How the configurations of each family map to plain values.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/model/model_config.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;
using namespace gorgon::tests;
using nlohmann::json;

namespace {

/// Reads a sound configuration of this family with these fields besides; null stays null.
ModelConfig readAs(const std::string& type, const std::string& fields = "{}")
{
    const ScratchFolder folder;
    json config = json::parse(R"({"hidden_size": 64, "intermediate_size": 172,
        "num_hidden_layers": 4, "num_attention_heads": 4, "vocab_size": 320})");
    config["model_type"] = type;
    config.update(json::parse(fields));
    folder.write("config.json", config.dump());
    return readModelConfig(folder.path());
}

std::string refusal(const std::string& type, const std::string& fields)
{
    try {
        readAs(type, fields);
        return "";
    } catch (const std::runtime_error& error) {
        CHECK(std::string(error.what()).find("config.json: ") != std::string::npos);
        return error.what();
    }
}

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

std::vector<int64_t> windows(const ModelConfig& config)
{
    std::vector<int64_t> result;
    for (int layer = 0; layer < config.n_layers; ++layer)
        result.push_back(layerAttention(config, layer).window);
    return result;
}

std::vector<bool> rotates(const ModelConfig& config)
{
    std::vector<bool> result;
    for (int layer = 0; layer < config.n_layers; ++layer)
        result.push_back(layerAttention(config, layer).rotates);
    return result;
}

using Windows = std::vector<int64_t>;

} // namespace

TEST_CASE("Llama has biases where they are stated and no window")
{
    const ModelConfig plain = readAs("llama");
    CHECK(!plain.qkv_bias);
    CHECK(!plain.output_bias);
    CHECK(!plain.mlp_bias);
    CHECK(!plain.qk_norm);
    CHECK(windows(plain) == Windows(4, 0));
    const ModelConfig biased = readAs("llama", R"({"attention_bias": true, "mlp_bias": true})");
    CHECK(biased.qkv_bias);
    CHECK(biased.output_bias);
    CHECK(biased.mlp_bias);
    // The published code does not read it.
    CHECK(windows(readAs("llama", R"({"sliding_window": 8})")) == Windows(4, 0));
    CHECK(has(refusal("llama", R"({"layer_types": ["full_attention", "sliding_attention",
        "full_attention", "full_attention"]})"),
        "layer_types"));
}

TEST_CASE("Mistral slides in every layer unless its window is null")
{
    CHECK(windows(readAs("mistral")) == Windows(4, 4096));
    CHECK(windows(readAs("mistral", R"({"sliding_window": 16})")) == Windows(4, 16));
    const ModelConfig unlimited = readAs("mistral", R"({"sliding_window": null})");
    CHECK(windows(unlimited) == Windows(4, 0));
    CHECK(windowWords(unlimited) == "none");
    CHECK(unlimited.max_context == 131072);
    CHECK(has(refusal("mistral", R"({"sliding_window": 0})"), "sliding_window"));
    CHECK(has(refusal("mistral", R"({"sliding_window": -1})"), "sliding_window"));
    CHECK(has(refusal("mistral", R"({"sliding_window": "16"})"), "sliding_window"));
    CHECK(has(refusal("mistral", R"({"attention_bias": true})"), "attention_bias"));
    CHECK(has(refusal("mistral", R"({"layer_types": ["full_attention", "full_attention",
        "full_attention", "full_attention"]})"),
        "sliding_attention throughout"));
}

TEST_CASE("Qwen2 slides above a layer, by list, or not at all")
{
    const ModelConfig off
        = readAs("qwen2", R"({"sliding_window": 16, "use_sliding_window": false})");
    CHECK(windows(off) == Windows(4, 0));
    CHECK(off.qkv_bias);
    CHECK(!off.output_bias);
    CHECK(windows(readAs("qwen2", R"({"sliding_window": 16, "use_sliding_window": true,
        "max_window_layers": 3})"))
        == Windows{0, 0, 0, 16});
    CHECK(windows(readAs("qwen2", R"({"use_sliding_window": true, "max_window_layers": 0})"))
        == Windows(4, 4096));
    CHECK(windows(readAs("qwen2", R"({"use_sliding_window": true})")) == Windows(4, 0));
    CHECK(windows(readAs("qwen2", R"({"use_sliding_window": true, "sliding_window": null})"))
        == Windows(4, 0));
    const char* const kMixed = R"({"use_sliding_window": true, "sliding_window": 9,
        "layer_types": ["sliding_attention", "full_attention", "sliding_attention",
        "sliding_attention"]})";
    CHECK(windows(readAs("qwen2", kMixed)) == Windows{9, 0, 9, 9});
    CHECK(windowWords(readAs("qwen3", kMixed)) == "9 positions in layers 0, 2 to 3 of 4");
    for (const char* fields : {R"({"layer_types": ["full_attention"]})", R"({"layer_types": 3})",
             R"({"layer_types": ["full_attention", "full_attention", "full_attention",
                "chunked_attention"]})",
             R"({"layer_types": ["full_attention", "full_attention", "full_attention", 1]})",
             R"({"layer_types": ["full_attention", "full_attention", "full_attention",
                "sliding_attention"], "use_sliding_window": false, "sliding_window": 4})"})
    {
        CAPTURE(fields);
        CHECK(has(refusal("qwen2", fields), "layer_types"));
    }
    CHECK(has(refusal("qwen2", R"({"max_window_layers": -1})"), "max_window_layers"));
    CHECK(has(refusal("qwen2", R"({"use_sliding_window": 1})"), "use_sliding_window"));
}

TEST_CASE("Qwen3 norms heads of stated width")
{
    const ModelConfig config = readAs("qwen3", R"({"head_dim": 32})");
    CHECK(config.qk_norm);
    CHECK(!config.qkv_bias);
    CHECK(config.head_dim == 32);
    CHECK(readAs("qwen3").head_dim == 128);
    CHECK(readAs("qwen3", R"({"attention_bias": true})").output_bias);
}

TEST_CASE("SmolLM3 leaves positions out of every fourth layer, or of those listed")
{
    const ModelConfig usual = readAs("smollm3");
    CHECK(rotates(usual) == std::vector<bool>{true, true, true, false});
    CHECK(usual.tied_embeddings);
    CHECK(usual.rope.theta == 2000000);
    CHECK(ropeWords(usual) == "theta 2000000; none in layer 3 of 4");
    CHECK(rotates(readAs("smollm3", R"({"no_rope_layer_interval": 2})"))
        == std::vector<bool>{true, false, true, false});
    CHECK(rotates(readAs("smollm3", R"({"no_rope_layers": [0, 1, 1, 0, 1]})"))
        == std::vector<bool>{false, true, true, false});
    CHECK(windows(readAs("smollm3", R"({"no_rope_layers": [0, 1, 1, 0], "sliding_window": 5,
        "use_sliding_window": true})"))
        == Windows{5, 0, 0, 5});
    CHECK(windows(readAs("smollm3", R"({"sliding_window": 5})")) == Windows(4, 0));
    for (const char* fields : {R"({"no_rope_layers": [1, 1, 1]})", R"({"no_rope_layers": 3})",
             R"({"no_rope_layers": [1, 1, 1, 2]})", R"({"no_rope_layers": [1, 1, 1, "0"]})"})
        CHECK(has(refusal("smollm3", fields), "no_rope_layers"));
    CHECK(has(refusal("smollm3", R"({"no_rope_layer_interval": 0})"), "no_rope_layer_interval"));
}

TEST_CASE("YaRN has its published defaults, and its ratio where the factor is null")
{
    const char* const kPlain = R"({"max_position_embeddings": 1024, "rope_scaling":
        {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 256}})";
    const ModelConfig config = readAs("qwen2", kPlain);
    CHECK(config.rope.scaling == RopeScaling::yarn);
    CHECK(config.rope.beta_fast == 32);
    CHECK(config.rope.beta_slow == 1);
    CHECK(config.rope.truncate);
    CHECK(config.rope.attention_factor == doctest::Approx(0.1 * std::log(4.0) + 1));
    CHECK(supportedContext(config) == 1024);
    CHECK(ropeWords(config)
        == "theta 10000, yarn scaling by 4 of 256 positions, attention factor 1.13863");
    // Qwen2.5 states the trained length twice and means four times as much.
    CHECK(supportedContext(readAs("qwen2", R"({"max_position_embeddings": 256, "rope_scaling":
        {"type": "yarn", "factor": 4, "original_max_position_embeddings": 256}})"))
        == 1024);
    CHECK(readAs("llama", R"({"max_position_embeddings": 1024, "rope_scaling": {"type": "yarn",
        "factor": null, "original_max_position_embeddings": 128}})")
              .rope.factor
        == 8);
    CHECK(readAs("llama", R"({"original_max_position_embeddings": 64, "rope_scaling":
        {"type": "yarn", "factor": 2, "original_max_position_embeddings": 128}})")
              .rope.original_context
        == 64);
    const ModelConfig scaled = readAs("llama", R"({"rope_scaling": {"type": "yarn", "factor": 40,
        "mscale": 1, "mscale_all_dim": 0.5}})");
    CHECK(scaled.rope.attention_factor
        == doctest::Approx((0.1 * std::log(40.0) + 1) / (0.05 * std::log(40.0) + 1)));
    CHECK(has(refusal("llama", R"({"rope_scaling": {"type": "yarn", "factor": 4, "beta_fast": 1,
        "beta_slow": 2}})"),
        "beta_fast"));
    for (const char* field : {"beta_fast", "beta_slow", "mscale", "attention_factor"}) {
        const std::string fields
            = std::string(R"({"rope_scaling": {"type": "yarn", "factor": 4, ")") + field
            + R"(": -1}})";
        CHECK(has(refusal("llama", fields), field));
    }
    CHECK(has(refusal("llama", R"({"rope_theta": 1, "rope_scaling": {"type": "yarn",
        "factor": 4}})"),
        "rope_theta"));
}

TEST_CASE("What changes results and is not supported is refused by name, neutral values pass")
{
    for (const char* type : {"gemma", "gemma2", "phi3", "mixtral", "deepseek_v3", "gpt2",
             "qwen3_moe", "qwen2_moe", "llama4", "falcon", "Llama"})
    {
        const std::string message = refusal(type, "{}");
        CHECK(has(message, std::string("\"") + type + "\" is not supported"));
        CHECK(has(message, "llama, mistral, qwen2, qwen3 and smollm3"));
    }
    struct Row
    {
        const char* name;
        const char* set;
        const char* neutral;
    };
    for (const Row& row :
        {Row{"attn_logit_softcapping", "50.0", "null"}, Row{"final_logit_softcapping", "30", "0"},
            Row{"logit_scale", "0.0625", "1"}, Row{"logits_scaling", "8", "1.0"},
            Row{"embedding_multiplier", "12.0", "1"}, Row{"residual_multiplier", "0.22", "1.0"},
            Row{"attention_multiplier", "0.01", "null"}, Row{"num_experts", "8", "0"},
            Row{"num_local_experts", "8", "null"}, Row{"clip_qkv", "8.0", "null"},
            Row{"alibi", "true", "false"}, Row{"qk_layernorm", "true", "false"},
            Row{"kv_lora_rank", "512", "null"}, Row{"vision_config", R"({"depth": 32})", "{}"},
            Row{"use_mrope", "true", "false"}, Row{"hidden_act", R"("gelu")", R"("silu")"},
            Row{"hidden_activation", R"("gelu_pytorch_tanh")", "null"},
            Row{"partial_rotary_factor", "0.75", "1.0"}, Row{"pretraining_tp", "2", "1"},
            Row{"sliding_window_pattern", "6", "null"}, Row{"rotary_pct", "0.25", "null"},
            Row{"rope_parameters",
                R"({"full_attention": {"rope_type": "default", "rope_theta": 1e6}})", "null"},
            Row{"rope_scaling", R"({"type": "mrope", "mrope_section": [16, 24, 24]})", "null"},
            Row{"rope_scaling", R"({"type": "default", "mrope_section": [16, 24, 24]})", "{}"}})
    {
        CAPTURE(row.name);
        const std::string field = std::string("{\"") + row.name + "\": ";
        CHECK(has(refusal("llama", field + row.set + "}"), row.name));
        CHECK(refusal("llama", field + row.neutral + "}") == "");
    }
}
