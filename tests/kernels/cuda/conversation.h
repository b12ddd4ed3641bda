// SPDX-License-Identifier: Apache-2.0
// One layer's attention over a cache in device memory, for tests; layer 1 of 2, so that layers are
// told apart.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/kv_store.h"
#include "tests/kernels/cuda/device_array.h"
#include "tests/kernels/test_data.h"

namespace gorgon::cuda::tests {

using namespace gorgon::tests;

struct Heads
{
    int n_heads, n_kv_heads, head_dim;
    int qkvCols() const { return (n_heads + 2 * n_kv_heads) * head_dim; }
    int outCols() const { return n_heads * head_dim; }
    int kvFloats() const { return n_kv_heads * head_dim; }
};

inline KvCache makeCache(DType dtype, const Heads& heads, int n_layers, int64_t capacity)
{
    KvCache cache;
    const size_t bytes = size_t(n_layers * heads.n_kv_heads)
        * size_t(KvLayout::bytesPerHead(dtype, heads.head_dim, capacity));
    cache.data = Buffer(allocateDevice(bytes), bytes, releaseDevice);
    Stream stream;
    fillZero(stream, cache.data.as<void>(), bytes);
    stream.synchronize();
    cache.dtype = dtype;
    cache.n_layers = n_layers;
    cache.n_kv_heads = heads.n_kv_heads;
    cache.head_dim = heads.head_dim;
    cache.capacity = capacity;
    return cache;
}

/// cos and sin of `positions` positions, (positions, head_dim / 2).
inline void ropeOf(
    int positions, int head_dim, std::vector<float>& cosines, std::vector<float>& sines)
{
    for (int p = 0; p < positions; p++) {
        for (int d = 0; d < head_dim / 2; d++) {
            const double angle = p * std::pow(10000.0, -2.0 * d / head_dim);
            cosines.push_back(float(std::cos(angle)));
            sines.push_back(float(std::sin(angle)));
        }
    }
}

class Conversation
{
public:
    AttentionPlace place;
    int64_t window = 0;

    Conversation(const Heads& heads, DType dtype, int64_t capacity)
        : m_heads(heads)
        , m_cache(makeCache(dtype, heads, 2, capacity))
        , m_state(std::vector<StepState>(1))
        , m_scratch(attentionScratchBytes(heads.n_heads, heads.head_dim, capacity))
    {
        place.scratch = m_scratch.data();
        place.scratch_bytes = m_scratch.size();
        place.n_multiprocessors = 3;
    }

    KvCache& cache() { return m_cache; }
    StepState* state() { return m_state.data(); }
    int kvLen() const { return m_state.values()[0].kv_len; }

    /// Stores rows (m, n_heads + 2 n_kv_heads heads) behind the cache; returns them as they are
    /// then.
    std::vector<float> store(const float* rows, int m, const TreeTables* tree,
        const HeadNorms& norms = {}, const RopeTable& rope = {})
    {
        DeviceArray<float> qkv(std::vector<float>(rows, rows + m * m_heads.qkvCols()));
        const DeviceTree on_device(tree);
        enqueueRopeAndStore(m_stream, {qkv.data(), m, m_heads.qkvCols()}, m_heads.n_heads, norms,
            rope, m_cache, 1, on_device.data(), m_state.data());
        finish();
        return qkv.values();
    }
    std::vector<float> attend(const float* rows, int m, const TreeTables* tree)
    {
        store(rows, m, tree);
        return attendStored(rows, m, tree);
    }
    /// What `store` has stored, as it was given.
    std::vector<float> attendStored(const float* rows, int m, const TreeTables* tree)
    {
        DeviceArray<float> qkv(std::vector<float>(rows, rows + m * m_heads.qkvCols()));
        DeviceArray<float> out(size_t(m * m_heads.outCols()));
        const DeviceTree on_device(tree);
        enqueueAttention(m_stream, place, {qkv.data(), m, m_heads.qkvCols()}, m_heads.n_heads,
            window, m_cache, 1, on_device.data(), m_state.data(),
            {out.data(), m, m_heads.outCols()});
        finish();
        return out.values();
    }
    void advance(int n)
    {
        enqueueAdvance(m_stream, m_state.data(), n);
        finish();
    }
    /// Rows become committed; nothing attends.
    void remember(const float* rows, int n)
    {
        for (int i = 0; i < n; i += kMaxNodes) {
            const int count = std::min(kMaxNodes, n - i);
            store(rows + i * m_heads.qkvCols(), count, nullptr);
            advance(count);
        }
    }
    /// As a chain, `chunk` rows at a time.
    std::vector<float> feed(const float* rows, int n, int chunk)
    {
        std::vector<float> out;
        for (int i = 0; i < n; i += chunk) {
            const int count = std::min(chunk, n - i);
            const auto part = attend(rows + i * m_heads.qkvCols(), count, nullptr);
            out.insert(out.end(), part.begin(), part.end());
            advance(count);
        }
        return out;
    }
    /// The line of `node` becomes committed.
    void commit(const TreeTables& tree, int node)
    {
        std::vector<StepState> state = m_state.values();
        state[0].record.accept_length = tree.depth[node];
        for (int depth = 0; depth <= tree.depth[node]; depth++)
            state[0].record.path[depth] = tree.path[node][depth];
        copyToDevice(m_stream, m_state.data(), state.data(), sizeof(StepState));
        enqueueCommit(m_stream, m_cache, m_state.data());
        finish();
    }
    /// (n_kv_heads, head_dim) keys, then values.
    std::vector<float> read(int layer, int64_t slot)
    {
        const size_t floats = size_t(m_heads.kvFloats());
        DeviceArray<float> kv(2 * floats);
        enqueueReadKv(m_stream, m_cache, layer, slot, kv.data(), kv.data() + floats);
        finish();
        return kv.values();
    }

private:
    class DeviceTree
    {
    public:
        explicit DeviceTree(const TreeTables* tree)
        {
            if (tree)
                m_tree.emplace(std::vector<TreeTables>(1, *tree));
        }
        const TreeTables* data() const { return m_tree ? m_tree->data() : nullptr; }

    private:
        std::optional<DeviceArray<TreeTables>> m_tree;
    };

    void finish()
    {
        m_stream.synchronize();
        if (!m_stream.error().empty())
            throw std::runtime_error(m_stream.error());
    }

    Heads m_heads;
    Stream m_stream;
    KvCache m_cache;
    DeviceArray<StepState> m_state;
    DeviceArray<unsigned char> m_scratch;
};

} // namespace gorgon::cuda::tests
