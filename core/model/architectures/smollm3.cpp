// SPDX-License-Identifier: Apache-2.0
// SmolLM3: Llama in which every fourth layer, or those listed, have no positions.
#include "core/model/architectures/architecture.h"

namespace gorgon {

namespace {

void readSmolLm3(const ConfigFields& fields, ModelConfig& config)
{
    config.qkv_bias = config.output_bias = fields.boolean("attention_bias", false);
    config.mlp_bias = fields.boolean("mlp_bias", false);

    const int64_t interval = fields.integer("no_rope_layer_interval", 1, INT32_MAX, 4);
    const nlohmann::json* list = fields.find("no_rope_layers");
    if (list && (!list->is_array() || list->size() < size_t(config.n_layers)))
        fields.fail("no_rope_layers", "must be a list of one number per layer");
    config.attention.resize(size_t(config.n_layers));
    for (int layer = 0; layer < config.n_layers; ++layer) {
        bool rotates = (layer + 1) % interval != 0;
        if (list) {
            // note: against its name, 1 in no_rope_layers marks a layer that rotates.
            const nlohmann::json& flag = (*list)[size_t(layer)];
            if (flag != 0 && flag != 1 && !flag.is_boolean())
                fields.expect("no_rope_layers", "a list of 0 and 1", flag);
            rotates = flag == 1 || flag == true;
        }
        config.attention[size_t(layer)].rotates = rotates;
    }
    const bool is_on = fields.boolean("use_sliding_window", false);
    setWindows(fields, config, is_on ? readWindow(fields, 0) : 0, false,
        [&](int layer) { return !config.attention[size_t(layer)].rotates; });
}

} // namespace

const Architecture kSmolLm3 = {"smollm3", "SmolLM3",
    {.max_context = 32768, .rope_theta = 2000000, .tied_embeddings = true}, readSmolLm3};

} // namespace gorgon
