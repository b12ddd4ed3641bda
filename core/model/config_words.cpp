// SPDX-License-Identifier: Apache-2.0
// Parts of a configuration in words.
#include <cstdio>

#include "core/model/model_config.h"

namespace gorgon {

namespace {

std::string shortNumber(double value)
{
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

/// "layers 0 to 3, 5 and 8 to 11 of 12", "every layer", "" where there is none.
template <typename Is> std::string layerWords(const ModelConfig& config, const Is& is)
{
    std::string result;
    int n = 0;
    for (int first = 0; first < config.n_layers;) {
        int end = first;
        while (end < config.n_layers && is(layerAttention(config, end)))
            ++end;
        if (end > first) {
            result += (n > 0 ? ", " : "") + std::to_string(first)
                + (end > first + 1 ? " to " + std::to_string(end - 1) : "");
            n += end - first;
        }
        first = end + 1;
    }
    if (n == config.n_layers)
        return "every layer";
    return n == 0
        ? ""
        : (n == 1 ? "layer " : "layers ") + result + " of " + std::to_string(config.n_layers);
}

} // namespace

std::string ropeWords(const ModelConfig& config)
{
    constexpr const char* kNames[] = {"none", "linear", "dynamic", "llama3", "yarn"};
    const RopeConfig& rope = config.rope;
    // Large values in full: 1000000 says more than 1e+06.
    char theta[32];
    std::snprintf(theta, sizeof theta, "%.15g", rope.theta);
    std::string text = std::string("theta ") + theta;
    if (rope.scaling != RopeScaling::none)
        text += std::string(", ") + kNames[size_t(rope.scaling)] + " scaling by "
            + shortNumber(rope.factor);
    if (rope.scaling != RopeScaling::none && rope.original_context > 0)
        text += " of " + std::to_string(rope.original_context) + " positions";
    if (rope.attention_factor != 1)
        text += ", attention factor " + shortNumber(rope.attention_factor);
    const std::string still
        = layerWords(config, [](const LayerAttention& layer) { return !layer.rotates; });
    return still.empty() ? text : text + "; none in " + still;
}

std::string windowWords(const ModelConfig& config)
{
    int64_t window = 0;
    for (int layer = 0; layer < config.n_layers; ++layer)
        window = std::max(window, layerAttention(config, layer).window);
    if (window == 0)
        return "none";
    return std::to_string(window) + " positions in "
        + layerWords(config, [](const LayerAttention& layer) { return layer.window > 0; });
}

} // namespace gorgon
