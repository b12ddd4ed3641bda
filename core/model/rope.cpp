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

// The dimension that rotates `rotations` times within the trained length   (Peng et al. 2023, 17)
double yarnDimension(double rotations, const RopeConfig& rope, int head_dim)
{
    constexpr double kTwoPi = 6.283185307179586;
    return head_dim * std::log(double(rope.original_context) / (rotations * kTwoPi))
        / (2 * std::log(rope.theta));
}

// Fast dimensions stay, slow ones are divided by factor, those between are blended.
std::vector<float> yarnFrequencies(const RopeConfig& rope, int head_dim)
{
    double low = yarnDimension(rope.beta_fast, rope, head_dim);
    double high = yarnDimension(rope.beta_slow, rope, head_dim);
    if (rope.truncate) {
        low = std::floor(low);
        high = std::ceil(high);
    }
    low = std::max(low, 0.0);
    high = std::min(high, double(head_dim - 1));
    if (low == high)
        high += 0.001;
    std::vector<float> result(size_t(head_dim / 2));
    for (int i = 0; i < head_dim / 2; ++i) {
        const float exponent = float(2 * i) / float(head_dim);
        const float power = float(std::pow(double(float(rope.theta)), double(exponent)));
        const float ramp = std::clamp((float(i) - float(low)) / float(high - low), 0.0F, 1.0F);
        const float kept = 1 - ramp;
        result[size_t(i)] = 1 / (float(rope.factor) * power) * (1 - kept) + 1 / power * kept;
    }
    return result;
}

} // namespace

int64_t supportedContext(const ModelConfig& config)
{
    const RopeConfig& rope = config.rope;
    if (rope.scaling == RopeScaling::none || rope.scaling == RopeScaling::llama3)
        return config.max_context;
    // max_position_embeddings is the trained length unless the trained length is given beside it.
    const bool is_given = rope.original_context > 0 && rope.scaling != RopeScaling::dynamic;
    const int64_t trained = is_given ? rope.original_context : config.max_context;
    return std::max(config.max_context, int64_t(double(trained) * rope.factor));
}

int64_t defaultContext(const ModelConfig& config)
{
    constexpr int64_t kMost = 4096;
    const bool is_dynamic = config.rope.scaling == RopeScaling::dynamic;
    return std::min(kMost, is_dynamic ? int64_t(config.max_context) : supportedContext(config));
}

std::vector<float> ropeFrequencies(const ModelConfig& config, int64_t context)
{
    assert(config.head_dim >= 2);
    const RopeConfig& rope = config.rope;
    if (rope.scaling == RopeScaling::yarn)
        return yarnFrequencies(rope, config.head_dim);
    double theta = rope.theta;
    if (rope.scaling == RopeScaling::dynamic && config.head_dim > 2) {
        // note: the published code takes this length even where a trained one is given beside it.
        const double trained = double(config.max_context);
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
