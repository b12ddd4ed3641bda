// SPDX-License-Identifier: Apache-2.0
#include "core/model/described_file.h"

#include "core/model/file_error.h"

namespace gorgon {

DescribedFile::DescribedFile(std::filesystem::path path, std::map<std::string, TensorInfo> tensors)
    : m_path(std::move(path))
{
    m_tensors = std::move(tensors);
}

void DescribedFile::read(const TensorInfo&, uint64_t, std::span<std::byte>) const
{
    failFile(m_path, "its bytes were asked for, only its description is here; download it first");
}

TensorInfo describedTensor(const std::string& dtype, std::vector<int64_t> shape)
{
    TensorInfo info;
    info.dtype = dtype;
    info.shape = std::move(shape);
    uint64_t count = 0;
    const uint64_t size = elementBytes(dtype);
    if (size == 0 || !elementCount(info.shape, count) || count > uint64_t(INT64_MAX) / size)
        throw std::runtime_error(
            "a tensor of " + shapeText(info.shape) + ": it is larger than any file");
    info.bytes = count * size;
    return info;
}

std::map<std::string, TensorInfo> describeModel(const ModelConfig& config, const std::string& dtype)
{
    std::map<std::string, TensorInfo> result;
    const auto add = [&](const std::string& name, std::vector<int64_t> shape) {
        result.emplace(name, describedTensor(dtype, std::move(shape)));
    };
    const int64_t dim = config.dim, ff = config.ff_dim;
    const int64_t q = int64_t(config.n_heads) * config.head_dim;
    const int64_t kv = int64_t(config.n_kv_heads) * config.head_dim;
    add("model.embed_tokens.weight", {config.vocab_size, dim});
    add("model.norm.weight", {dim});
    if (!config.tied_embeddings)
        add("lm_head.weight", {config.vocab_size, dim});
    for (int i = 0; i < config.n_layers; ++i) {
        const std::string layer = "model.layers." + std::to_string(i) + ".";
        const auto addMatrix = [&](const std::string& name, int64_t rows, int64_t cols, bool bias) {
            add(layer + name + ".weight", {rows, cols});
            if (bias)
                add(layer + name + ".bias", {rows});
        };
        add(layer + "input_layernorm.weight", {dim});
        add(layer + "post_attention_layernorm.weight", {dim});
        addMatrix("self_attn.q_proj", q, dim, config.qkv_bias);
        addMatrix("self_attn.k_proj", kv, dim, config.qkv_bias);
        addMatrix("self_attn.v_proj", kv, dim, config.qkv_bias);
        addMatrix("self_attn.o_proj", dim, q, config.output_bias);
        addMatrix("mlp.gate_proj", ff, dim, config.mlp_bias);
        addMatrix("mlp.up_proj", ff, dim, config.mlp_bias);
        addMatrix("mlp.down_proj", dim, ff, config.mlp_bias);
        if (config.qk_norm)
            for (const char* name : {"self_attn.q_norm.weight", "self_attn.k_norm.weight"})
                add(layer + name, {config.head_dim});
    }
    return result;
}

uint64_t countParameters(const std::map<std::string, TensorInfo>& tensors)
{
    uint64_t sum = 0;
    for (const auto& [name, tensor] : tensors)
        sum += tensor.bytes / elementBytes(tensor.dtype);
    return sum;
}

} // namespace gorgon
