// SPDX-License-Identifier: Apache-2.0
// Models of random weights. Uniform values, since nothing here depends on the shape of the
// distribution.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <stdexcept>

#include "core/model/model_finish.h"
#include "kernels/cpu/parallel.h"

namespace gorgon {

namespace {

// Of f32, enough that every thread has rows to pack; whole pieces of what backends pack at once.
constexpr int64_t kBlockBytes = int64_t(64) << 20;
constexpr int64_t kPieceRows = 64;
constexpr size_t kFillWords = 1 << 14; // that a thread makes at a time

// Sebastiano Vigna's splitmix64: the word of any place, any seed.
uint64_t randomWord(uint64_t seed, uint64_t place)
{
    uint64_t z = seed + place * 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

uint16_t toBfloat16(float value)
{
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    return uint16_t((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

class RandomWeights
{
public:
    RandomWeights(Backend& backend, DType dtype, float deviation, uint64_t seed)
        : m_backend(backend)
        , m_dtype(dtype)
        , m_seed(seed * 0x9E3779B97F4A7C15 + 1)
        , m_pool(usableThreads())
        , m_values(size_t(1) << 16)
    {
        // 16 random bits name one of the evenly spaced values; sqrt(3) makes their deviation the
        // given one.
        const double largest = double(deviation) * std::sqrt(3.0);
        for (size_t i = 0; i < m_values.size(); ++i)
            m_values[i] = float((double(i) + 0.5) / 32768 * largest - largest);
        if (m_dtype == DType::bf16)
            for (const float value : m_values)
                m_bf16.push_back(toBfloat16(value));
    }

    Matrix matrix(int64_t n_out, int64_t n_in)
    {
        Matrix result = m_backend.makeMatrix(m_dtype, n_out, n_in);
        const int64_t block_rows
            = std::max<int64_t>(1, kBlockBytes / (n_in * int64_t(sizeof(float)) * kPieceRows))
            * kPieceRows;
        for (int64_t first = 0; first < n_out; first += block_rows) {
            const int64_t n = std::min(block_rows, n_out - first);
            if (m_dtype == DType::bf16) {
                fill(m_bf16, m_bf16_block, size_t(n * n_in));
                m_backend.setRows(result, first, n, m_bf16_block.data(), DType::bf16);
            } else {
                fill(m_values, m_block, size_t(n * n_in));
                m_backend.setRows(result, first, n, m_block.data(), DType::f32);
            }
        }
        return result;
    }

    /// `size` values around `middle`.
    Buffer vector(int64_t size, float middle)
    {
        fill(m_values, m_block, size_t(size));
        for (float& value : m_block)
            value += middle;
        Buffer result = m_backend.allocate(size_t(size) * sizeof(float));
        m_backend.upload(result.as(), m_block.data(), size_t(size) * sizeof(float));
        return result;
    }

private:
    template <typename T> void fill(const std::vector<T>& table, std::vector<T>& out, size_t n)
    {
        const size_t n_words = (n + 3) / 4;
        out.resize(n_words * 4);
        m_pool.forEach(int64_t((n_words + kFillWords - 1) / kFillWords), [&](int64_t part, int) {
            const size_t end = std::min(n_words, size_t(part + 1) * kFillWords);
            for (size_t i = size_t(part) * kFillWords; i < end; ++i) {
                uint64_t word = randomWord(m_seed, m_n_words + i + 1);
                for (size_t k = 0; k < 4; ++k, word >>= 16)
                    out[4 * i + k] = table[word & 0xFFFF];
            }
        });
        m_n_words += n_words;
        out.resize(n);
    }

    Backend& m_backend;
    DType m_dtype;
    uint64_t m_seed;
    uint64_t m_n_words = 0; // used up
    ThreadPool m_pool;
    std::vector<float> m_values;
    std::vector<uint16_t> m_bf16;
    std::vector<float> m_block;
    std::vector<uint16_t> m_bf16_block;
};

void checkShape(const ModelConfig& config, int64_t context, int n_medusa_heads)
{
    constexpr int kMaxSize = 1 << 22;
    for (const int size :
        {config.dim, config.ff_dim, config.n_heads, config.head_dim, config.vocab_size})
        if (size > kMaxSize)
            throw std::runtime_error("random model: sizes of at most " + std::to_string(kMaxSize)
                + " were expected, found " + std::to_string(size));
    const bool is_sound = config.dim > 0 && config.ff_dim > 0 && config.n_layers > 0
        && config.n_heads > 0 && config.n_kv_heads > 0 && config.n_heads % config.n_kv_heads == 0
        && config.head_dim >= 2 && config.head_dim % 2 == 0 && config.vocab_size > 0
        && config.rope.theta >= 1
        && (config.attention.empty() || config.attention.size() == size_t(config.n_layers));
    if (!is_sound)
        throw std::runtime_error(
            "random model: sizes above 0, heads that divide and an even head dimension "
            "were expected");
    if (context < 1 || context > (int64_t(1) << 26) || n_medusa_heads < 0
        || n_medusa_heads > kMaxHeads)
        throw std::runtime_error("random model: a context of at least 1 and 0 to "
            + std::to_string(kMaxHeads) + " heads were expected");
}

} // namespace

std::shared_ptr<const Model> makeRandomModel(std::shared_ptr<Backend> backend,
    const ModelConfig& config, DType dtype, int64_t context, int n_medusa_heads, bool own_vocab,
    uint64_t seed, std::optional<DType> cache_dtype)
{
    checkShape(config, context, n_medusa_heads);
    auto model = std::make_shared<Model>();
    model->config = config;
    model->context = context;
    model->dtype = dtype;
    model->head_dtype = dtype;
    model->cache_dtype = cacheType(*backend, cache_dtype, dtype, config);
    model->backend = std::move(backend);

    const int64_t dim = config.dim;
    const int64_t q = int64_t(config.n_heads) * config.head_dim;
    const int64_t kv = int64_t(config.n_kv_heads) * config.head_dim;
    // Where dim is small, 0.02 would leave every logit near 0.
    const float deviation = std::max(0.02F, 1 / std::sqrt(float(dim)));
    RandomWeights weights(*model->backend, dtype, deviation, seed);
    model->embedding = weights.matrix(config.vocab_size, dim);
    if (!config.tied_embeddings)
        model->lm_head = weights.matrix(config.vocab_size, dim);
    model->final_norm = weights.vector(dim, 1);
    for (int i = 0; i < config.n_layers; ++i) {
        LayerWeights& layer = model->layers.emplace_back();
        layer.attention_norm = weights.vector(dim, 1);
        layer.qkv = weights.matrix(q + 2 * kv, dim);
        layer.output = weights.matrix(dim, q);
        layer.mlp_norm = weights.vector(dim, 1);
        layer.gate_up = weights.matrix(2 * int64_t(config.ff_dim), dim);
        layer.down = weights.matrix(dim, config.ff_dim);
        if (config.qkv_bias)
            layer.qkv_bias = weights.vector(q + 2 * kv, 0);
        if (config.output_bias)
            layer.output_bias = weights.vector(dim, 0);
        if (config.qk_norm) {
            layer.q_norm = weights.vector(config.head_dim, 1);
            layer.k_norm = weights.vector(config.head_dim, 1);
        }
        if (config.mlp_bias) {
            layer.gate_up_bias = weights.vector(2 * int64_t(config.ff_dim), 0);
            layer.down_bias = weights.vector(dim, 0);
        }
    }
    for (int i = 0; i < n_medusa_heads; ++i) {
        MedusaHead& head = model->heads.emplace_back();
        MedusaHead::Block& block = head.blocks.emplace_back();
        block.weight = weights.matrix(dim, dim);
        block.bias = weights.vector(dim, 0);
        if (own_vocab)
            head.vocab = weights.matrix(config.vocab_size, dim);
    }
    finishModel(*model);
    return model;
}

} // namespace gorgon
