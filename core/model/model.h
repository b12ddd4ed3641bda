// SPDX-License-Identifier: Apache-2.0
// Weights in a backend's memory: immutable once loaded, shared by every session.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include "core/model/load_report.h"
#include "core/model/model_config.h"
#include "kernels/backend.h"

namespace gorgon {

struct LayerWeights
{
    Buffer attention_norm; // f32 (dim)
    Matrix qkv; // ((n_heads + 2 n_kv_heads) head_dim, dim)
    Buffer qkv_bias; // f32, or empty
    Buffer q_norm; // f32 (head_dim), or empty
    Buffer k_norm;
    Matrix output; // (dim, n_heads * head_dim)
    Buffer output_bias;
    Buffer mlp_norm; // f32 (dim)
    Matrix gate_up; // (2 ff_dim, dim): gate, then up
    Buffer gate_up_bias;
    Matrix down; // (dim, ff_dim)
    Buffer down_bias;
};

/// y = x + silu(W x + b), repeated; then logits = V y, V the head's own matrix or the base model's.
struct MedusaHead
{
    struct Block
    {
        Matrix weight; // (dim, dim)
        Buffer bias; // f32 (dim), or empty
    };
    std::vector<Block> blocks;
    Matrix vocab; // (vocab, dim); empty: the base model's
};

/// A file of quantized weights that was read or written; see weights_cache.h.
struct CacheUse
{
    std::filesystem::path file; // "": none
    uint64_t bytes = 0;
    bool was_read = false;
};

struct Model
{
    ModelConfig config;
    int64_t context = 0; // positions a session may hold
    DType dtype = DType::f32; // of the matrices in memory
    DType cache_dtype = DType::f32; // of keys and values
    std::shared_ptr<Backend> backend;
    Matrix embedding; // (vocab, dim)
    Matrix lm_head; // empty where tied
    Buffer final_norm; // f32 (dim)
    std::vector<LayerWeights> layers;
    Buffer rope_data; // (context + kMaxDepth, head_dim / 2) cosines, then sines
    RopeTable rope;
    std::vector<MedusaHead> heads; // may be empty
    DType head_dtype = DType::f32;
    std::filesystem::path path; // "" where made at random
    std::filesystem::path heads_path;
    std::string checkpoint_hash; // as checkpointHash; "" where made at random
    std::string heads_hash;
    CacheUse cache;
    CacheUse heads_cache;
    uint64_t weight_bytes = 0; // read once by a step of the base model, vocabulary included
    uint64_t head_bytes = 0;
    LoadReport report;

    /// Of the weights, heads and angles, whether a step reads them or not.
    uint64_t memoryBytes() const
    {
        return weight_bytes + (lm_head ? embedding.data.bytes() : 0) + head_bytes
            + rope_data.bytes();
    }
    const Matrix& vocabMatrix() const { return lm_head ? lm_head : embedding; }
};

/// Bytes of the keys and values of one position, and of one conversation with room for a tree.
inline uint64_t kvPositionBytes(const Model& model)
{
    const ModelConfig& c = model.config;
    return kvBytesPerPosition(model.cache_dtype, c.n_layers, c.n_kv_heads, c.head_dim);
}
inline uint64_t kvCacheBytes(const Model& model)
{
    return uint64_t(model.context + kMaxNodes) * kvPositionBytes(model);
}

/// Of keys and values: f32 beside weights of f32 and in models narrower than 512, whose caches are
/// small and whose 16-bit weights multiply f32, so that their logits are those of f32 arithmetic;
/// else f16.
DType defaultCacheType(DType weights, const ModelConfig& config);
/// The format asked for, else the default, else f16 where the backend does not hold that. Throws
/// std::runtime_error where it does not hold what was asked for.
DType cacheType(
    const Backend& backend, std::optional<DType> asked, DType weights, const ModelConfig& config);

struct LoadOptions
{
    std::filesystem::path model; // folder
    std::optional<std::filesystem::path> heads; // none given: those found with the model
    bool no_heads = false;
    std::optional<DType> weights; // none: as stored (f16 and bf16 stay 16 bits wide)
    std::optional<DType> head_weights; // none: as the base
    std::optional<DType> cache_dtype; // f32, f16, bf16 or q8; none: defaultCacheType
    int64_t context = 0; // 0: the smaller of the model's and 4096
    std::filesystem::path weights_cache; // folder of quantized weights; "": none
    std::function<void(const std::string&)> on_note; // sentences for people
};

struct LoadProgress
{
    std::string what; // "model.layers.3"
    uint64_t done_bytes = 0;
    uint64_t total_bytes = 0;
};
using LoadCallback = std::function<void(const LoadProgress&)>;

/// Thrown by loadModel when its stop token was triggered.
struct LoadCancelled
{
};

/// Thrown by loadModel where memory does not suffice; says by how much and what would fit.
struct DoesNotFit : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

/// Loads a checkpoint folder (safetensors or torch archive, single or sharded) with its Medusa
/// heads. Throws std::runtime_error: "FILE: what was expected, what was found, what to do".
std::shared_ptr<const Model> loadModel(std::shared_ptr<Backend> backend, const LoadOptions& options,
    const LoadCallback& on_progress = {}, std::stop_token stop = {});

/// Other heads for a model that is in memory, as options.heads, no_heads and head_weights say; the
/// base weights stay where they are and the other options must be those it was loaded with. The
/// caller holds the only pointer: no engine may use the model. Throws as loadModel does; the model
/// then is as it was.
void swapHeads(const std::shared_ptr<const Model>& model, const LoadOptions& options,
    const LoadCallback& on_progress = {}, std::stop_token stop = {});

/// A model of the given shape with random weights and heads, for benchmarks and tests. Standard
/// deviation 0.02 where dim is large; deterministic in the seed. Each head has one block with bias
/// and, with own_vocab, a vocabulary matrix of its own. cache_dtype: as in LoadOptions.
std::shared_ptr<const Model> makeRandomModel(std::shared_ptr<Backend> backend,
    const ModelConfig& config, DType dtype, int64_t context, int n_medusa_heads, bool own_vocab,
    uint64_t seed, std::optional<DType> cache_dtype = std::nullopt);

} // namespace gorgon
