// SPDX-License-Identifier: Apache-2.0
// The families of models, each one small file of differences: how its config.json maps to the plain
// values of ModelConfig. What all of them share is read before.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "core/model/config_fields.h"
#include "core/model/model_config.h"

namespace gorgon {

/// What a family takes where config.json leaves a field out.
struct ArchitectureDefaults
{
    int64_t max_context = 2048;
    double rope_theta = 10000;
    bool tied_embeddings = false;
    int head_dim = 0; // 0: hidden_size / num_attention_heads
};

struct Architecture
{
    const char* type; // model_type
    const char* name; // for people
    ArchitectureDefaults defaults;
    /// Sets biases, norms and what layers see; everything else is there already.
    void (*read)(const ConfigFields& fields, ModelConfig& config);
};

extern const Architecture kLlama, kMistral, kQwen2, kQwen3, kSmolLm3;

std::span<const Architecture* const> architectures();
/// nullptr where there is none.
const Architecture* findArchitecture(const std::string& type);
/// "llama, mistral, ... and smollm3".
std::string architectureTypes();

/// sliding_window: `absent` where it is left out, 0 where it is null.
int64_t readWindow(const ConfigFields& fields, int64_t absent);

/// Gives the layers of which layer_types says "sliding_attention" the window, or, where there is no
/// layer_types, those for which slides(layer). With must_agree, layer_types may say nothing else.
void setWindows(const ConfigFields& fields, ModelConfig& config, int64_t window, bool must_agree,
    const std::function<bool(int layer)>& slides);

/// As Qwen has it: use_sliding_window, sliding_window, max_window_layers, layer_types.
void setWindowsAboveLayer(const ConfigFields& fields, ModelConfig& config);

/// Refuses true in a field that this family's published code does not read.
void refuseTrue(const ConfigFields& fields, const char* name);

} // namespace gorgon
