// SPDX-License-Identifier: Apache-2.0
// Qwen 2 and 2.5: q, k and v have a bias, the output has none; upper layers may slide.
#include "core/model/architectures/architecture.h"

namespace gorgon {

namespace {

void readQwen2(const ConfigFields& fields, ModelConfig& config)
{
    refuseTrue(fields, "mlp_bias");
    config.qkv_bias = true;
    setWindowsAboveLayer(fields, config);
}

} // namespace

const Architecture kQwen2 = {"qwen2", "Qwen2", {.max_context = 32768}, readQwen2};

} // namespace gorgon
