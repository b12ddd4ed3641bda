// SPDX-License-Identifier: Apache-2.0
#include "core/model/rope_config.h"

#include <cmath>

#include "core/model/file_error.h"

namespace gorgon {

namespace {

using nlohmann::json;

constexpr double kMaxFactor = 1e6;

RopeScaling scalingOf(const ConfigFields& fields)
{
    std::string type = fields.text("rope_type");
    if (type.empty())
        type = fields.text("type"); // before transformers 4.43
    if (type.empty() || type == "default")
        return RopeScaling::none;
    if (type == "linear")
        return RopeScaling::linear;
    if (type == "dynamic")
        return RopeScaling::dynamic;
    if (type == "llama3")
        return RopeScaling::llama3;
    if (type == "yarn")
        return RopeScaling::yarn;
    failFile(fields.file(),
        "the rope scaling \"" + shown(type, 40)
            + "\" is not supported; linear, dynamic, llama3 and yarn are");
}

// 0.1 m ln(factor) + 1   (Peng et al. 2023, equation 22)
double yarnScale(double factor, double m)
{
    return factor <= 1 ? 1 : 0.1 * m * std::log(factor) + 1;
}

void readYarn(const ConfigFields& fields, RopeConfig& rope)
{
    // note: the published code takes 0 for absent in these four.
    const auto orDefault = [&](const char* name, double absent) {
        const json* value = fields.find(name);
        return value && *value == 0 ? absent : fields.positive(name, kMaxFactor, absent);
    };
    rope.beta_fast = orDefault("beta_fast", 32);
    rope.beta_slow = orDefault("beta_slow", 1);
    if (rope.beta_fast < rope.beta_slow)
        fields.fail("beta_fast", "must not be below beta_slow");
    rope.truncate = fields.boolean("truncate", true);
    const double mscale = orDefault("mscale", 0);
    const double mscale_all_dim = orDefault("mscale_all_dim", 0);
    rope.attention_factor = mscale > 0 && mscale_all_dim > 0
        ? yarnScale(rope.factor, mscale) / yarnScale(rope.factor, mscale_all_dim)
        : yarnScale(rope.factor, 1);
    rope.attention_factor = fields.positive("attention_factor", kMaxFactor, rope.attention_factor);
}

void readScaling(
    const ConfigFields& root, const ConfigFields& fields, int64_t max_context, RopeConfig& rope)
{
    rope.scaling = scalingOf(fields);
    if (rope.scaling == RopeScaling::none)
        return;
    const char* const kOriginal = "original_max_position_embeddings";
    rope.original_context = fields.integer(kOriginal, 1, kMaxContext, 0);
    if (rope.scaling == RopeScaling::llama3 || rope.scaling == RopeScaling::yarn) {
        rope.original_context = root.integer(kOriginal, 1, kMaxContext, rope.original_context);
        if (rope.original_context == 0)
            rope.original_context = max_context;
    }
    // note: a yarn factor that is null is the ratio of the two lengths.
    const bool from_ratio
        = rope.scaling == RopeScaling::yarn && fields.has("factor") && !fields.find("factor");
    rope.factor = from_ratio ? std::max(1.0, double(max_context) / double(rope.original_context))
                             : fields.positive("factor", kMaxFactor);
    if (rope.factor < 1)
        failFile(fields.file(), "the rope scaling factor must be at least 1");
    if (rope.scaling == RopeScaling::llama3) {
        rope.low_freq_factor = fields.positive("low_freq_factor", kMaxFactor);
        rope.high_freq_factor = fields.positive("high_freq_factor", kMaxFactor);
        if (rope.high_freq_factor <= rope.low_freq_factor)
            failFile(
                fields.file(), "high_freq_factor of the rope scaling must exceed low_freq_factor");
    }
    if (rope.scaling == RopeScaling::yarn)
        readYarn(fields, rope);
}

} // namespace

RopeConfig readRope(const ConfigFields& root, int64_t max_context, double default_theta)
{
    constexpr double kMaxTheta = 1e15;
    RopeConfig rope;
    rope.theta = root.positive("rope_theta", kMaxTheta, default_theta);
    for (const char* name : {"rope_scaling", "rope_parameters"}) { // the second is transformers 5's
        const json* object = root.find(name);
        if (!object)
            continue;
        if (!object->is_object())
            root.expect(name, "an object", *object);
        const ConfigFields fields(*object, root.file(), std::string(name) + ".");
        for (const char* type : {"full_attention", "sliding_attention"})
            if (fields.find(type))
                fields.fail(type, "is not supported: one rope for all layers was expected");
        if (fields.find("mrope_section"))
            fields.fail("mrope_section", "is not supported: a model of text alone was expected");
        rope.theta = fields.positive("rope_theta", kMaxTheta, rope.theta);
        if (fields.positive("partial_rotary_factor", 1, 1) != 1)
            failFile(root.file(), "a partial_rotary_factor below 1 is not supported");
        readScaling(root, fields, max_context, rope);
    }
    const double least = rope.scaling == RopeScaling::yarn ? 1 + 1e-6 : 1;
    if (rope.theta < least)
        failFile(root.file(), "rope_theta must be at least 1");
    return rope;
}

} // namespace gorgon
