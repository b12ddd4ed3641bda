// SPDX-License-Identifier: Apache-2.0
// Mistral 7B and Zephyr: Llama with a sliding window in every layer.
#include "core/model/architectures/architecture.h"

namespace gorgon {

namespace {

void readMistral(const ConfigFields& fields, ModelConfig& config)
{
    refuseTrue(fields, "attention_bias");
    refuseTrue(fields, "mlp_bias");
    setWindows(fields, config, readWindow(fields, 4096), true, [](int) { return true; });
}

} // namespace

const Architecture kMistral = {"mistral", "Mistral", {.max_context = 131072}, readMistral};

} // namespace gorgon
