// SPDX-License-Identifier: Apache-2.0
// Llama 1, 2 and 3.x; also Vicuna, TinyLlama and SmolLM 1 and 2.
#include "core/model/architectures/architecture.h"

namespace gorgon {

namespace {

void readLlama(const ConfigFields& fields, ModelConfig& config)
{
    config.qkv_bias = config.output_bias = fields.boolean("attention_bias", false);
    config.mlp_bias = fields.boolean("mlp_bias", false);
    // note: the published code reads no sliding_window here, though some configurations have one.
    setWindows(fields, config, 0, true, [](int) { return false; });
}

} // namespace

const Architecture kLlama = {"llama", "Llama", {}, readLlama};

} // namespace gorgon
