// SPDX-License-Identifier: Apache-2.0
#include "core/model/model_config.h"

#include <algorithm>

#include "core/model/architectures/architecture.h"
#include "core/model/file_error.h"
#include "core/model/json_file.h"
#include "core/model/rope_config.h"

namespace gorgon {

namespace {

using nlohmann::json;

constexpr int64_t kMaxDim = int64_t(1) << 20;
constexpr int64_t kMaxLayers = 1000;
constexpr int64_t kMaxHeadDim = 512;

// Switches of other families, which change what a model computes. Their neutral values pass.
constexpr const char* kUnsupported[] = {"attn_logit_softcapping", "final_logit_softcapping",
    "attn_logit_softcap", "final_logit_softcap", "logits_soft_cap", "attention_multiplier",
    "attention_chunk_size", "attn_temperature_tuning", "alibi", "clip_qkv", "kv_lora_rank",
    "q_lora_rank", "normalize_embedding", "num_experts", "num_local_experts", "n_routed_experts",
    "num_kv_shared_layers", "parallel_attn", "use_parallel_residual", "qk_layernorm", "use_qk_norm",
    "qk_norm", "query_pre_attn_scalar", "rope_interleave", "rope_interleaved", "rotary_dim",
    "rotary_pct", "scale_embedding", "sliding_window_pattern", "rope_local_base_freq",
    "text_config", "vision_config", "audio_config", "use_mrope", "is_encoder_decoder",
    "add_cross_attention", "cross_attention_layers"};
constexpr const char* kScales[] = {"logit_scale", "logits_scaling", "embedding_multiplier",
    "residual_multiplier", "partial_rotary_factor", "pretraining_tp"};

bool isNeutral(const json& value)
{
    return value == false || value == 0 || (value.is_structured() && value.empty());
}

void refuseUnsupported(const ConfigFields& fields)
{
    for (const char* name : {"hidden_act", "hidden_activation"})
        if (const std::string value = fields.text(name);
            !value.empty() && value != "silu" && value != "swish")
            fields.fail(name, "must be silu, found \"" + shown(value, 40) + "\"");
    for (const char* name : kUnsupported)
        if (const json* value = fields.find(name); value && !isNeutral(*value))
            fields.fail(name, "is set; that changes what the model computes and is not supported");
    for (const char* name : kScales)
        if (const json* value = fields.find(name); value && *value != 1)
            fields.expect(name, "1 (other values are not supported)", *value);
}

const Architecture& readArchitecture(const ConfigFields& fields)
{
    const std::string type = fields.text("model_type");
    if (type.empty() && fields.find("medusa_num_heads"))
        failFile(fields.file(),
            "a base model was expected, this is a folder of Medusa heads; give it as the heads of "
            "its base model");
    if (type.empty())
        failFile(fields.file(), "model_type is missing");
    const Architecture* architecture = findArchitecture(type);
    if (!architecture)
        failFile(fields.file(),
            "the model type \"" + shown(type, 40) + "\" is not supported; " + architectureTypes()
                + " are");
    return *architecture;
}

void readShape(const ConfigFields& fields, int default_head_dim, ModelConfig& config)
{
    const std::filesystem::path& file = fields.file();
    config.dim = int(fields.integer("hidden_size", 1, kMaxDim));
    config.ff_dim = int(fields.integer("intermediate_size", 1, kMaxDim));
    config.n_layers = int(fields.integer("num_hidden_layers", 1, kMaxLayers));
    config.n_heads = int(fields.integer("num_attention_heads", 1, kMaxDim));
    config.n_kv_heads = int(fields.integer("num_key_value_heads", 1, kMaxDim, config.n_heads));
    config.vocab_size = int(fields.integer("vocab_size", 1, kMaxVocab));
    if (config.n_heads % config.n_kv_heads != 0)
        failFile(file,
            "num_key_value_heads " + std::to_string(config.n_kv_heads)
                + " does not divide num_attention_heads " + std::to_string(config.n_heads));
    if (fields.find("head_dim")) {
        config.head_dim = int(fields.integer("head_dim", 2, kMaxHeadDim));
    } else if (default_head_dim > 0) {
        config.head_dim = default_head_dim;
    } else {
        if (config.dim % config.n_heads != 0)
            failFile(file,
                "num_attention_heads " + std::to_string(config.n_heads)
                    + " does not divide hidden_size " + std::to_string(config.dim));
        config.head_dim = config.dim / config.n_heads;
    }
    if (config.head_dim % 2 != 0 || config.head_dim < 2 || config.head_dim > kMaxHeadDim)
        failFile(file,
            "the head dimension (head_dim, else hidden_size / num_attention_heads) must be even "
            "and at most "
                + std::to_string(kMaxHeadDim) + ", found " + std::to_string(config.head_dim));
    if (int64_t(config.n_heads) * config.head_dim > kMaxDim)
        failFile(file,
            "num_attention_heads times head_dim must be at most " + std::to_string(kMaxDim)
                + ", found " + std::to_string(int64_t(config.n_heads) * config.head_dim));
}

void readTokens(const ConfigFields& fields, ModelConfig& config)
{
    if (const std::vector<int> bos = fields.ids("bos_token_id"); !bos.empty())
        config.bos_token = bos.front();
    if (std::vector<int> eos = fields.ids("eos_token_id"); !eos.empty())
        config.eos_tokens = std::move(eos);
}

} // namespace

ModelConfig parseModelConfig(const json& root, const std::filesystem::path& file)
{
    const ConfigFields fields(root, file);
    const Architecture& architecture = readArchitecture(fields);
    const ArchitectureDefaults& defaults = architecture.defaults;
    refuseUnsupported(fields);

    ModelConfig config;
    config.architecture = architecture.type;
    readShape(fields, defaults.head_dim, config);
    config.max_context
        = fields.integer("max_position_embeddings", 1, kMaxContext, defaults.max_context);
    config.rms_eps = float(fields.positive("rms_norm_eps", 1, 1e-6));
    config.rope = readRope(fields, config.max_context, defaults.rope_theta);
    config.tied_embeddings = fields.boolean("tie_word_embeddings", defaults.tied_embeddings);
    architecture.read(fields, config);
    config.stored_dtype = fields.text("dtype");
    if (config.stored_dtype.empty())
        config.stored_dtype = fields.text("torch_dtype");
    readTokens(fields, config);
    if (const json* n = fields.find("medusa_num_heads"); n && n->is_number_unsigned())
        config.stated_medusa_heads = int(std::min<uint64_t>(n->get<uint64_t>(), 1'000'000));
    return config;
}

ModelConfig readModelConfig(const std::filesystem::path& folder)
{
    const std::filesystem::path file = folder / "config.json";
    ModelConfig config = parseModelConfig(readJsonFile(file), file);
    const std::filesystem::path generation = folder / "generation_config.json";
    if (std::filesystem::exists(generation)) {
        const json generation_root = readJsonFile(generation);
        readTokens(ConfigFields(generation_root, generation), config);
    }
    return config;
}

LayerAttention layerAttention(const ModelConfig& config, int layer)
{
    return config.attention.empty() ? LayerAttention() : config.attention[size_t(layer)];
}

} // namespace gorgon
