// SPDX-License-Identifier: Apache-2.0
// Rotary frequencies in the order of operations of transformers' modeling_rope_utils.py, in f32.
#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/model/model_config.h"

namespace gorgon {

namespace {

// 1 / theta^(2 i / head_dim). The power is rounded once, from double.
float inverseFrequency(double theta, int i, int head_dim)
{
    const float exponent = float(2 * i) / float(head_dim);
    return 1.0F / float(std::pow(double(float(theta)), double(exponent)));
}

// High frequencies stay, low ones are divided by factor, those between are blended   (Llama 3.1)
float llama3Frequency(float frequency, const RopeConfig& rope)
{
    constexpr float kTwoPi = 6.283185307179586F;
    const float original = float(rope.original_context);
    const float low_wavelength = float(double(rope.original_context) / rope.low_freq_factor);
    const float high_wavelength = float(double(rope.original_context) / rope.high_freq_factor);
    // note: torch computes scalar / tensor as the reciprocal times the scalar.
    const float wavelength = (1 / frequency) * kTwoPi;
    if (wavelength < high_wavelength)
        return frequency;
    if (wavelength > low_wavelength)
        return frequency / float(rope.factor);
    const float smooth = ((1 / wavelength) * original - float(rope.low_freq_factor))
        / float(rope.high_freq_factor - rope.low_freq_factor);
    return (1 - smooth) * frequency / float(rope.factor) + smooth * frequency;
}

} // namespace

int64_t supportedContext(const ModelConfig& config)
{
    const RopeConfig& rope = config.rope;
    if (rope.scaling != RopeScaling::linear && rope.scaling != RopeScaling::dynamic)
        return config.max_context;
    // max_position_embeddings is the trained length unless the trained length is given beside it.
    const int64_t trained = rope.original_context > 0 ? rope.original_context : config.max_context;
    return std::max(config.max_context, int64_t(double(trained) * rope.factor));
}

std::vector<float> ropeFrequencies(const ModelConfig& config, int64_t context)
{
    assert(config.head_dim >= 2);
    const RopeConfig& rope = config.rope;
    double theta = rope.theta;
    if (rope.scaling == RopeScaling::dynamic && config.head_dim > 2) {
        const double trained
            = double(rope.original_context > 0 ? rope.original_context : config.max_context);
        const double length = std::max(double(context), trained);
        const double growth = rope.factor * length / trained - (rope.factor - 1);
        theta *= std::pow(growth, double(config.head_dim) / double(config.head_dim - 2));
    }
    std::vector<float> result(size_t(config.head_dim / 2));
    for (int i = 0; i < config.head_dim / 2; ++i) {
        float frequency = inverseFrequency(theta, i, config.head_dim);
        if (rope.scaling == RopeScaling::linear)
            frequency /= float(rope.factor);
        if (rope.scaling == RopeScaling::llama3)
            frequency = llama3Frequency(frequency, rope);
        result[size_t(i)] = frequency;
    }
    return result;
}

} // namespace gorgon
