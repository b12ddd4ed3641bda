// SPDX-License-Identifier: Apache-2.0
#include "core/model/load_plan.h"

#include <algorithm>

#include <set>

#include "core/model/file_error.h"

namespace gorgon {

namespace {

std::optional<DType> memoryType(const std::string& stored)
{
    if (stored == "F32")
        return DType::f32;
    if (stored == "BF16")
        return DType::bf16;
    if (stored == "F16")
        return DType::f16;
    return {};
}

DType nativeType(const PlannedMatrix& matrix)
{
    // Parts that differ are held in the one type that holds all of them.
    const std::optional<DType> first = memoryType(matrix.parts.front().info->dtype);
    for (const StoredTensor& part : matrix.parts)
        if (memoryType(part.info->dtype) != first)
            return DType::f32;
    return *first;
}

class Planner
{
public:
    Planner(const ModelConfig& config, const Checkpoint& checkpoint, std::optional<DType> dtype)
        : m_config(config)
        , m_checkpoint(checkpoint)
        , m_dtype(dtype)
    {
    }

    LoadPlan plan()
    {
        const int64_t dim = m_config.dim;
        // A bare decoder, saved without its language-model class, has no prefix.
        const std::string prefix
            = m_checkpoint.find("embed_tokens.weight") ? std::string() : "model.";
        m_plan.embedding = vocabulary(prefix + "embed_tokens.weight");
        if (!m_config.tied_embeddings)
            m_plan.lm_head = vocabulary("lm_head.weight");
        m_plan.final_norm = vector({{prefix + "norm.weight", dim}});
        for (int i = 0; i < m_config.n_layers; ++i)
            m_plan.layers.push_back(layer(prefix + "layers." + std::to_string(i) + "."));
        m_plan.dtype = m_plan.layers.front().qkv.dtype;
        return std::move(m_plan);
    }

private:
    struct Wanted
    {
        std::string name;
        int64_t rows = 0;
    };

    PlannedLayer layer(const std::string& prefix)
    {
        const int64_t dim = m_config.dim;
        const int64_t q = int64_t(m_config.n_heads) * m_config.head_dim;
        const int64_t kv = int64_t(m_config.n_kv_heads) * m_config.head_dim;
        const std::string attention = prefix + "self_attn.";
        const std::string mlp = prefix + "mlp.";
        PlannedLayer result;
        result.attention_norm = vector({{prefix + "input_layernorm.weight", dim}});
        result.qkv = matrix({{attention + "q_proj.weight", q}, {attention + "k_proj.weight", kv},
                                {attention + "v_proj.weight", kv}},
            dim);
        result.output = matrix({{attention + "o_proj.weight", dim}}, q);
        result.mlp_norm = vector({{prefix + "post_attention_layernorm.weight", dim}});
        result.gate_up = matrix({{mlp + "gate_proj.weight", m_config.ff_dim},
                                    {mlp + "up_proj.weight", m_config.ff_dim}},
            dim);
        result.down = matrix({{mlp + "down_proj.weight", dim}}, m_config.ff_dim);
        if (m_config.qkv_bias)
            result.qkv_bias = vector({{attention + "q_proj.bias", q},
                {attention + "k_proj.bias", kv}, {attention + "v_proj.bias", kv}});
        if (m_config.output_bias)
            result.output_bias = vector({{attention + "o_proj.bias", dim}});
        if (m_config.qk_norm) {
            result.q_norm = vector({{attention + "q_norm.weight", m_config.head_dim}});
            result.k_norm = vector({{attention + "k_norm.weight", m_config.head_dim}});
        }
        if (m_config.mlp_bias) {
            result.gate_up_bias = vector({{mlp + "gate_proj.bias", m_config.ff_dim},
                {mlp + "up_proj.bias", m_config.ff_dim}});
            result.down_bias = vector({{mlp + "down_proj.bias", dim}});
        }
        return result;
    }

    PlannedMatrix matrix(const std::vector<Wanted>& wanted, int64_t n_in)
    {
        PlannedMatrix result;
        result.n_in = n_in;
        for (const Wanted& part : wanted) {
            result.parts.push_back(find(part.name, {part.rows, n_in}, false));
            result.n_out += part.rows;
        }
        return complete(std::move(result));
    }

    /// May have more rows than the vocabulary: padding, which is left out.
    PlannedMatrix vocabulary(const std::string& name)
    {
        PlannedMatrix result;
        result.n_out = m_config.vocab_size;
        result.n_in = m_config.dim;
        result.parts.push_back(find(name, {result.n_out, result.n_in}, true));
        return complete(std::move(result));
    }

    PlannedMatrix complete(PlannedMatrix result)
    {
        result.dtype = m_dtype.value_or(nativeType(result));
        m_plan.memory_bytes += uint64_t(result.n_out) * rowBytes(result.dtype, result.n_in);
        return result;
    }

    PlannedVector vector(const std::vector<Wanted>& wanted)
    {
        PlannedVector result;
        for (const Wanted& part : wanted) {
            result.parts.push_back(find(part.name, {part.rows}, false));
            result.size += part.rows;
        }
        m_plan.memory_bytes += uint64_t(result.size) * sizeof(float);
        return result;
    }

    StoredTensor find(const std::string& name, const std::vector<int64_t>& shape, bool more_rows)
    {
        const StoredTensor tensor = m_checkpoint.find(name);
        if (!tensor)
            failFile(m_checkpoint.path(),
                "the tensor " + name + " " + shapeText(shape) + " was expected, it is missing");
        const std::vector<int64_t>& stored = tensor.info->shape;
        const bool is_padded
            = more_rows && stored.size() == 2 && stored[1] == shape[1] && stored[0] > shape[0];
        if (stored != shape && !is_padded)
            failFile(tensor.file->path(),
                "the tensor " + name + " should have the shape " + shapeText(shape)
                    + " by config.json, it has " + shapeText(stored));
        if (!memoryType(tensor.info->dtype))
            failFile(tensor.file->path(),
                "the tensor " + name + " should be F32, BF16 or F16, it is " + tensor.info->dtype);
        m_plan.file_bytes += is_padded
            ? tensor.info->bytes / uint64_t(stored[0]) * uint64_t(shape[0])
            : tensor.info->bytes;
        return tensor;
    }

    const ModelConfig& m_config;
    const Checkpoint& m_checkpoint;
    std::optional<DType> m_dtype;
    LoadPlan m_plan;
};

// Heads were checked when they were opened; rows beyond n_rows are padding.
PlannedMatrix headMatrix(LoadPlan& plan, const StoredTensor& tensor, int64_t n_rows)
{
    PlannedMatrix result;
    result.parts = {tensor};
    result.n_out = std::min(n_rows, tensor.info->shape[0]);
    result.n_in = tensor.info->shape[1];
    result.dtype = plan.head_dtype;
    plan.memory_bytes += uint64_t(result.n_out) * rowBytes(result.dtype, result.n_in);
    plan.file_bytes
        += tensor.info->bytes / uint64_t(tensor.info->shape[0]) * uint64_t(result.n_out);
    return result;
}

} // namespace

LoadPlan planModel(
    const ModelConfig& config, const Checkpoint& checkpoint, std::optional<DType> dtype)
{
    return Planner(config, checkpoint, dtype).plan();
}

void planHeads(LoadPlan& plan, const StoredHeads& heads, std::optional<DType> dtype)
{
    plan.head_dtype = dtype.value_or(plan.dtype);
    for (const StoredHead& head : heads.heads) {
        PlannedHead planned;
        for (const StoredHead::Block& block : head.blocks) {
            planned.weights.push_back(headMatrix(plan, block.weight, heads.width));
            PlannedVector bias;
            if (block.bias) {
                bias.parts = {block.bias};
                bias.size = heads.width;
                plan.memory_bytes += uint64_t(bias.size) * sizeof(float);
                plan.file_bytes += block.bias.info->bytes;
            }
            planned.biases.push_back(std::move(bias));
        }
        if (head.vocab)
            planned.vocab = headMatrix(plan, head.vocab, plan.embedding.n_out);
        plan.heads.push_back(std::move(planned));
    }
}

void holdAs(LoadPlan& plan, const TensorFile* view, DType dtype)
{
    const auto hold = [&](PlannedMatrix& matrix) {
        for (const StoredTensor& part : matrix.parts)
            if (part.file != view)
                return;
        if (!matrix)
            return;
        plan.memory_bytes -= uint64_t(matrix.n_out) * rowBytes(matrix.dtype, matrix.n_in);
        matrix.dtype = dtype;
        plan.memory_bytes += uint64_t(matrix.n_out) * rowBytes(matrix.dtype, matrix.n_in);
    };
    hold(plan.embedding);
    hold(plan.lm_head);
    for (PlannedLayer& layer : plan.layers)
        for (PlannedMatrix* matrix : {&layer.qkv, &layer.output, &layer.gate_up, &layer.down})
            hold(*matrix);
    plan.dtype = plan.layers.front().qkv.dtype;
}

std::vector<std::string> unusedTensors(const LoadPlan& plan, const Checkpoint& checkpoint)
{
    std::set<const TensorInfo*> used;
    const auto use = [&](const auto& planned) {
        for (const StoredTensor& part : planned.parts)
            used.insert(part.info);
    };
    use(plan.embedding);
    use(plan.lm_head);
    use(plan.final_norm);
    for (const PlannedLayer& layer : plan.layers) {
        for (const PlannedMatrix* matrix : {&layer.qkv, &layer.output, &layer.gate_up, &layer.down})
            use(*matrix);
        for (const PlannedVector* vector :
            {&layer.attention_norm, &layer.qkv_bias, &layer.q_norm, &layer.k_norm,
                &layer.output_bias, &layer.mlp_norm, &layer.gate_up_bias, &layer.down_bias})
            use(*vector);
    }
    std::vector<std::string> result;
    for (const auto& [name, tensor] : checkpoint.tensors())
        if (!used.contains(tensor.info) && !isHeadTensor(name)
            && !name.ends_with("rotary_emb.inv_freq"))
            result.push_back(name);
    return result;
}

} // namespace gorgon
