// SPDX-License-Identifier: Apache-2.0
// A model of random weights with a vocabulary of 300, for tests of measurements.
#pragma once

#include "core/model/model.h"

namespace gorgon {

inline ModelConfig smallShape()
{
    ModelConfig config;
    config.architecture = "llama";
    config.dim = 64;
    config.ff_dim = 128;
    config.n_layers = 2;
    config.n_heads = config.n_kv_heads = 2;
    config.head_dim = 32;
    config.vocab_size = 300;
    config.max_context = 256;
    config.bos_token = 1;
    return config;
}

inline std::shared_ptr<const Model> smallModel(int n_heads, int64_t context = 256)
{
    return makeRandomModel(
        makeCpuBackend({1}), smallShape(), DType::f32, context, n_heads, false, 7);
}

/// One whose fields a test may change.
inline std::shared_ptr<Model> smallModelOfOnesOwn(int n_heads)
{
    return std::const_pointer_cast<Model>(smallModel(n_heads));
}

} // namespace gorgon
