// SPDX-License-Identifier: Apache-2.0
// What config.json says of a model, checked. Plain values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace gorgon {

enum class RopeScaling : uint8_t
{
    none,
    linear, // positions divided by factor
    dynamic, // theta grown where the context exceeds the trained length
    llama3, // low frequencies divided by factor, smooth between
    yarn, // as llama3 by dimension, and attention sharpened
};

struct RopeConfig
{
    double theta = 10000;
    RopeScaling scaling = RopeScaling::none;
    double factor = 1;
    double low_freq_factor = 1; // llama3
    double high_freq_factor = 4;
    int64_t original_context = 0; // trained length before scaling; 0: max_context
    double beta_fast = 32; // yarn: rotations within original_context, above which nothing is scaled
    double beta_slow = 1; // ... below which everything is
    bool truncate = true; // yarn: the bounds are whole dimensions
    double attention_factor = 1; // yarn: multiplies cosines and sines
};

/// What sets the attention of one layer apart from that of others.
struct LayerAttention
{
    int64_t window = 0; // position p sees p - window + 1 ... p; 0: 0 ... p
    bool rotates = true; // false: a layer without positions

    bool operator==(const LayerAttention&) const = default;
};

struct ModelConfig
{
    std::string architecture; // model_type: "llama"
    int dim = 0;
    int ff_dim = 0;
    int n_layers = 0;
    int n_heads = 0;
    int n_kv_heads = 0;
    int head_dim = 0;
    int vocab_size = 0;
    int64_t max_context = 0; // max_position_embeddings
    float rms_eps = 1e-6F;
    RopeConfig rope;
    std::vector<LayerAttention> attention; // one per layer; empty: all alike
    bool tied_embeddings = false;
    bool qkv_bias = false;
    bool output_bias = false; // of attention
    bool mlp_bias = false;
    bool qk_norm = false; // every head of q and k is normed before it is rotated
    std::string stored_dtype; // "bfloat16" and so on, as config.json says; may be empty
    int bos_token = -1;
    std::vector<int> eos_tokens; // generation_config.json's where present, else config.json's
    int stated_medusa_heads = 0; // medusa_num_heads; never trusted, shown by inspect
};

/// Reads config.json and, where present, generation_config.json of a model folder. Throws
/// std::runtime_error: "FILE: what was expected, what was found, what to do".
ModelConfig readModelConfig(const std::filesystem::path& folder);
/// The same of a config.json that was read already; `file` is for messages.
ModelConfig parseModelConfig(const nlohmann::json& root, const std::filesystem::path& file);

LayerAttention layerAttention(const ModelConfig& config, int layer);

/// The longest context the model was made for, scaling included.
int64_t supportedContext(const ModelConfig& config);
/// Positions where none are asked for: at most 4096. Of dynamic scaling those that it was trained
/// with, since the frequencies of a longer context are others from the first position on.
int64_t defaultContext(const ModelConfig& config);

/// Inverse frequencies for a context length, (head_dim / 2), as the published code computes them in
/// f32.
std::vector<float> ropeFrequencies(const ModelConfig& config, int64_t context);

/// "theta 500000, llama3 scaling by 8 of 8192 positions".
std::string ropeWords(const ModelConfig& config);
/// "4096 positions in layers 2 to 27 of 28", "none".
std::string windowWords(const ModelConfig& config);

} // namespace gorgon
