// SPDX-License-Identifier: Apache-2.0
#include "core/model/model_config.h"

#include <algorithm>
#include <cmath>

#include "core/model/file_error.h"
#include "core/model/json_file.h"

namespace gorgon {

namespace {

using nlohmann::json;

constexpr int64_t kMaxDim = int64_t(1) << 20;
constexpr int64_t kMaxVocab = int64_t(1) << 22;
constexpr int64_t kMaxLayers = 1000;
constexpr int64_t kMaxHeadDim = 512;
constexpr int64_t kMaxContext = int64_t(1) << 26;

/// The fields of one JSON object, each checked as it is read. null counts as absent.
class Fields
{
public:
    Fields(const json& object, const std::filesystem::path& file, std::string prefix = "")
        : m_object(object)
        , m_file(file)
        , m_prefix(std::move(prefix))
    {
    }

    const json* find(const char* name) const
    {
        const auto place = m_object.find(name);
        return place == m_object.end() || place->is_null() ? nullptr : &*place;
    }

    int64_t integer(const char* name, int64_t low, int64_t high) const
    {
        const json* value = find(name);
        if (!value)
            failFile(m_file, m_prefix + name + " is missing");
        // Anything beyond int64 is refused too: as an unsigned above it, or as a float.
        if (!value->is_number_integer()
            || (value->is_number_unsigned() && value->get<uint64_t>() > uint64_t(INT64_MAX)))
            expect(name, "an integer", *value);
        const int64_t number = value->get<int64_t>();
        if (number < low || number > high)
            expect(name, std::to_string(low) + " to " + std::to_string(high), *value);
        return number;
    }

    int64_t integer(const char* name, int64_t low, int64_t high, int64_t absent) const
    {
        return find(name) ? integer(name, low, high) : absent;
    }

    double positive(const char* name, double high) const
    {
        const json* value = find(name);
        if (!value)
            failFile(m_file, m_prefix + name + " is missing");
        const double number = value->is_number() ? value->get<double>() : NAN;
        if (!(number > 0 && number <= high))
            expect(name, "a number above 0", *value);
        return number;
    }

    double positive(const char* name, double high, double absent) const
    {
        return find(name) ? positive(name, high) : absent;
    }

    bool boolean(const char* name, bool absent) const
    {
        const json* value = find(name);
        if (value && !value->is_boolean())
            expect(name, "true or false", *value);
        return value ? value->get<bool>() : absent;
    }

    std::string text(const char* name) const
    {
        const json* value = find(name);
        if (value && !value->is_string())
            expect(name, "text", *value);
        return value ? value->get<std::string>() : "";
    }

    /// An id, a list of ids, or nothing.
    std::vector<int> ids(const char* name) const
    {
        std::vector<int> result;
        const json* value = find(name);
        if (!value)
            return result;
        const json list = value->is_array() ? *value : json::array({*value});
        for (const json& id : list) {
            if (!id.is_number_integer())
                expect(name, "a token id or a list of them", *value);
            if (id.is_number_unsigned() && id.get<uint64_t>() < uint64_t(kMaxVocab))
                result.push_back(id.get<int>());
        }
        return result;
    }

    [[noreturn]] void expect(const char* name, const std::string& what, const json& found) const
    {
        const std::string value = found.is_primitive() ? found.dump()
            : found.is_array()                         ? "a list"
                                                       : "an object";
        failFile(m_file, m_prefix + name + " must be " + what + ", found " + shown(value, 60));
    }

private:
    const json& m_object;
    const std::filesystem::path& m_file;
    std::string m_prefix;
};

void readRopeScaling(
    const Fields& fields, const std::filesystem::path& file, int64_t max_context, RopeConfig& rope)
{
    std::string type = fields.text("rope_type");
    if (type.empty())
        type = fields.text("type");
    if (type.empty() || type == "default")
        return;
    if (type == "linear")
        rope.scaling = RopeScaling::linear;
    else if (type == "dynamic")
        rope.scaling = RopeScaling::dynamic;
    else if (type == "llama3")
        rope.scaling = RopeScaling::llama3;
    else
        failFile(file,
            "the rope scaling \"" + shown(type, 40)
                + "\" is not supported; linear, dynamic and llama3 are");
    rope.factor = fields.positive("factor", 1e6);
    if (rope.factor < 1)
        failFile(file, "the rope scaling factor must be at least 1");
    rope.original_context = fields.integer("original_max_position_embeddings", 1, kMaxContext, 0);
    if (rope.scaling == RopeScaling::llama3) {
        rope.low_freq_factor = fields.positive("low_freq_factor", 1e6);
        rope.high_freq_factor = fields.positive("high_freq_factor", 1e6);
        if (rope.high_freq_factor <= rope.low_freq_factor)
            failFile(file, "high_freq_factor of the rope scaling must exceed low_freq_factor");
        if (rope.original_context == 0)
            rope.original_context = max_context;
    }
}

RopeConfig readRope(const json& root, const std::filesystem::path& file, int64_t max_context)
{
    const Fields fields(root, file);
    RopeConfig rope;
    rope.theta = fields.positive("rope_theta", 1e15, 10000);
    for (const char* name : {"rope_scaling", "rope_parameters"}) { // the second is transformers 5's
        const json* object = fields.find(name);
        if (!object)
            continue;
        if (!object->is_object())
            fields.expect(name, "an object", *object);
        const Fields inner(*object, file, std::string(name) + ".");
        rope.theta = inner.positive("rope_theta", 1e15, rope.theta);
        if (inner.positive("partial_rotary_factor", 1, 1) != 1)
            failFile(file, "a partial_rotary_factor below 1 is not supported");
        readRopeScaling(inner, file, max_context, rope);
    }
    if (rope.theta < 1)
        failFile(file, "rope_theta must be at least 1");
    return rope;
}

void checkArchitecture(const Fields& fields, const std::filesystem::path& file)
{
    const std::string type = fields.text("model_type");
    if (type.empty() && fields.find("medusa_num_heads"))
        failFile(file,
            "a base model was expected, this is a folder of Medusa heads; give it as the heads of "
            "its base model");
    if (type.empty())
        failFile(file, "model_type is missing");
    if (type != "llama")
        failFile(file, "the model type \"" + shown(type, 40) + "\" is not supported; llama is");
    if (fields.find("quantization_config"))
        failFile(file,
            "the checkpoint is quantised (quantization_config), which is not supported; use the "
            "original in "
            "16 or 32 bits");
    const std::string activation = fields.text("hidden_act");
    if (!activation.empty() && activation != "silu")
        failFile(file, "hidden_act must be silu, found \"" + shown(activation, 40) + "\"");
    if (fields.integer("pretraining_tp", 1, INT32_MAX, 1) != 1)
        failFile(file, "pretraining_tp must be 1");
    if (fields.positive("partial_rotary_factor", 1, 1) != 1)
        failFile(file, "a partial_rotary_factor below 1 is not supported");
}

void readShape(const Fields& fields, const std::filesystem::path& file, ModelConfig& config)
{
    config.dim = int(fields.integer("hidden_size", 1, kMaxDim));
    config.ff_dim = int(fields.integer("intermediate_size", 1, kMaxDim));
    config.n_layers = int(fields.integer("num_hidden_layers", 1, kMaxLayers));
    config.n_heads = int(fields.integer("num_attention_heads", 1, kMaxDim));
    config.n_kv_heads = int(fields.integer("num_key_value_heads", 1, kMaxDim, config.n_heads));
    config.vocab_size = int(fields.integer("vocab_size", 1, kMaxVocab));
    if (config.n_heads % config.n_kv_heads != 0)
        failFile(file,
            "num_key_value_heads " + std::to_string(config.n_kv_heads)
                + " does not divide num_attention_heads " + std::to_string(config.n_heads));
    if (fields.find("head_dim")) {
        config.head_dim = int(fields.integer("head_dim", 2, kMaxHeadDim));
    } else {
        if (config.dim % config.n_heads != 0)
            failFile(file,
                "num_attention_heads " + std::to_string(config.n_heads)
                    + " does not divide hidden_size " + std::to_string(config.dim));
        config.head_dim = config.dim / config.n_heads;
    }
    if (config.head_dim % 2 != 0 || config.head_dim < 2 || config.head_dim > kMaxHeadDim)
        failFile(file,
            "the head dimension must be even and at most " + std::to_string(kMaxHeadDim)
                + ", found " + std::to_string(config.head_dim));
    if (int64_t(config.n_heads) * config.head_dim > kMaxDim)
        failFile(file,
            "num_attention_heads times head_dim must be at most " + std::to_string(kMaxDim)
                + ", found " + std::to_string(int64_t(config.n_heads) * config.head_dim));
}

void readTokens(const Fields& fields, ModelConfig& config)
{
    if (const std::vector<int> bos = fields.ids("bos_token_id"); !bos.empty())
        config.bos_token = bos.front();
    if (std::vector<int> eos = fields.ids("eos_token_id"); !eos.empty())
        config.eos_tokens = std::move(eos);
}

} // namespace

ModelConfig readModelConfig(const std::filesystem::path& folder)
{
    const std::filesystem::path file = folder / "config.json";
    const json root = readJsonFile(file);
    const Fields fields(root, file);
    checkArchitecture(fields, file);

    ModelConfig config;
    config.architecture = fields.text("model_type");
    readShape(fields, file, config);
    config.max_context = fields.integer("max_position_embeddings", 1, kMaxContext, 2048);
    config.rms_eps = float(fields.positive("rms_norm_eps", 1, 1e-6));
    config.rope = readRope(root, file, config.max_context);
    config.tied_embeddings = fields.boolean("tie_word_embeddings", false);
    config.attention_bias = fields.boolean("attention_bias", false);
    config.mlp_bias = fields.boolean("mlp_bias", false);
    config.stored_dtype = fields.text("dtype");
    if (config.stored_dtype.empty())
        config.stored_dtype = fields.text("torch_dtype");
    readTokens(fields, config);
    if (const json* n = fields.find("medusa_num_heads"); n && n->is_number_unsigned())
        config.stated_medusa_heads = int(std::min<uint64_t>(n->get<uint64_t>(), 1'000'000));

    const std::filesystem::path generation = folder / "generation_config.json";
    if (std::filesystem::exists(generation)) {
        const json generation_root = readJsonFile(generation);
        readTokens(Fields(generation_root, generation), config);
    }
    return config;
}

} // namespace gorgon
