// SPDX-License-Identifier: Apache-2.0
// Qwen 3, dense: heads of q and k are normed before they are rotated; head_dim is stated.
#include "core/model/architectures/architecture.h"

namespace gorgon {

namespace {

void readQwen3(const ConfigFields& fields, ModelConfig& config)
{
    refuseTrue(fields, "mlp_bias");
    config.qkv_bias = config.output_bias = fields.boolean("attention_bias", false);
    config.qk_norm = true;
    setWindowsAboveLayer(fields, config);
}

} // namespace

const Architecture kQwen3 = {"qwen3", "Qwen3", {.max_context = 32768, .head_dim = 128}, readQwen3};

} // namespace gorgon
