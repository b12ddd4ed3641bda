// SPDX-License-Identifier: Apache-2.0
// What config.json says of a model, checked. Plain values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace gorgon {

enum class RopeScaling : uint8_t
{
    none,
    linear, // positions divided by factor
    dynamic, // theta grown where the context exceeds original_context
    llama3, // low frequencies divided by factor, smooth between
};

struct RopeConfig
{
    double theta = 10000;
    RopeScaling scaling = RopeScaling::none;
    double factor = 1;
    double low_freq_factor = 1;
    double high_freq_factor = 4;
    int64_t original_context = 0; // trained length before scaling
};

struct ModelConfig
{
    std::string architecture; // "llama"
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
    bool tied_embeddings = false;
    bool attention_bias = false;
    bool mlp_bias = false;
    std::string stored_dtype; // "bfloat16" and so on, as config.json says; may be empty
    int bos_token = -1;
    std::vector<int> eos_tokens; // generation_config.json's where present, else config.json's
    int stated_medusa_heads = 0; // medusa_num_heads; never trusted, shown by inspect
};

/// Reads config.json and, where present, generation_config.json of a model folder. Throws
/// std::runtime_error: "FILE: what was expected, what was found, what to do".
ModelConfig readModelConfig(const std::filesystem::path& folder);

/// The longest context the model was made for, scaling included.
int64_t supportedContext(const ModelConfig& config);

/// Inverse frequencies for a context length, (head_dim / 2), as the published code computes them in
/// f32.
std::vector<float> ropeFrequencies(const ModelConfig& config, int64_t context);

} // namespace gorgon
