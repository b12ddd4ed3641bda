// SPDX-License-Identifier: Apache-2.0
// The smallest whole model: a Llama of one layer, 8 wide, of 6 words.
#pragma once

#include "tests/support/safetensors_writer.h"

namespace gorgon::tests {

constexpr const char* kTinyConfig = R"({"model_type": "llama", "hidden_size": 8,
    "intermediate_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 6})";

inline std::vector<WrittenTensor> tinyTensors(const std::string& prefix = "model.")
{
    const std::string layer = prefix + "layers.0.";
    return {floatTensor(prefix + "embed_tokens.weight", {6, 8}),
        floatTensor(prefix + "norm.weight", {8}), floatTensor("lm_head.weight", {6, 8}, 3),
        floatTensor(layer + "input_layernorm.weight", {8}),
        floatTensor(layer + "post_attention_layernorm.weight", {8}),
        floatTensor(layer + "self_attn.q_proj.weight", {8, 8}),
        floatTensor(layer + "self_attn.k_proj.weight", {8, 8}),
        floatTensor(layer + "self_attn.v_proj.weight", {8, 8}),
        floatTensor(layer + "self_attn.o_proj.weight", {8, 8}),
        floatTensor(layer + "mlp.gate_proj.weight", {4, 8}),
        floatTensor(layer + "mlp.up_proj.weight", {4, 8}),
        floatTensor(layer + "mlp.down_proj.weight", {8, 4})};
}

} // namespace gorgon::tests
