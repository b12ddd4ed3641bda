// SPDX-License-Identifier: Apache-2.0
// Models of random weights that a device is checked with. Small vocabularies, so that random heads
// are right now and then and paths are committed.
#pragma once

#include <string>
#include <vector>

#include "core/model/model.h"

namespace gorgon::gpu {

struct Shape
{
    std::string name;
    ModelConfig config;
    DType cache = DType::f16;
};

inline ModelConfig llama(
    int dim, int ff_dim, int n_layers, int n_heads, int n_kv_heads, int vocab_size)
{
    ModelConfig config;
    config.architecture = "llama";
    config.dim = dim;
    config.ff_dim = ff_dim;
    config.n_layers = n_layers;
    config.n_heads = n_heads;
    config.n_kv_heads = n_kv_heads;
    config.head_dim = dim / n_heads;
    config.vocab_size = vocab_size;
    config.max_context = 4096;
    config.bos_token = 1;
    return config;
}

inline std::vector<Shape> smallShapes()
{
    Shape narrow{"64 wide, 2 heads of 32", llama(64, 160, 2, 2, 2, 97), DType::f16};
    Shape grouped{"256 wide, 8 heads of 32 in 2 groups, bf16 cache", llama(256, 704, 3, 8, 2, 131),
        DType::bf16};
    Shape normed{
        "512 wide, 4 heads of 128, q/k norms, q8 cache", llama(512, 1408, 3, 4, 4, 257), DType::q8};
    normed.config.qk_norm = true;
    Shape windowed{"192 wide, 3 heads of 64, biases, a window of 24 in layer 1",
        llama(192, 512, 2, 3, 3, 113), DType::f16};
    windowed.config.qkv_bias = true;
    windowed.config.attention = {{0, true}, {24, true}};
    return {narrow, grouped, normed, windowed};
}

/// Vicuna 7B.
inline ModelConfig sevenBillion()
{
    return llama(4096, 11008, 32, 32, 32, 32000);
}

} // namespace gorgon::gpu
