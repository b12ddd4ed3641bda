// SPDX-License-Identifier: Apache-2.0
// Places in the cache. Keys lie transposed in blocks of 16 slots, so that a lane is a position;
// values lie slot by slot, so that a lane is an output. Everything is padded to multiples of 16
// with zeros.
#pragma once

#include <cstdint>

#include "kernels/backend.h"

namespace gorgon {

constexpr int64_t kTile = 16; // positions

class KvLayout
{
public:
    KvLayout(const KvCache& cache, int layer)
        : m_head_dim(cache.head_dim)
        , m_value_dim(valueDim(cache.head_dim))
        , m_slots(paddedSlots(cache.capacity))
    {
        float* const data = cache.data.as<float>();
        const int64_t per_head = m_slots * (m_head_dim + m_value_dim);
        m_keys = data + layer * cache.n_kv_heads * per_head;
        m_values = m_keys + cache.n_kv_heads * m_slots * m_head_dim;
    }

    static int64_t valueDim(int head_dim)
    {
        return (int64_t(head_dim) + kTile - 1) / kTile * kTile;
    }
    static int64_t paddedSlots(int64_t capacity) { return (capacity + kTile - 1) / kTile * kTile; }
    /// Floats of one layer and one head.
    static int64_t floatsPerHead(int head_dim, int64_t capacity)
    {
        return paddedSlots(capacity) * (head_dim + valueDim(head_dim));
    }

    int64_t valueDim() const { return m_value_dim; }
    /// [head_dim][16] of the slots 16 block ... 16 block + 15.
    float* keyBlock(int head, int64_t block) const
    {
        return m_keys + (head * m_slots + block * kTile) * m_head_dim;
    }
    /// Element d of a slot's key is at [d * kTile].
    float* key(int head, int64_t slot) const { return keyBlock(head, slot / kTile) + slot % kTile; }
    /// (valueDim()).
    float* value(int head, int64_t slot) const
    {
        return m_values + (head * m_slots + slot) * m_value_dim;
    }

private:
    int64_t m_head_dim;
    int64_t m_value_dim;
    int64_t m_slots;
    float* m_keys;
    float* m_values;
};

/// Depth of row i of an operation: of node i, or of the i-th row of a chain.
inline int depthOf(const TreeTables* tree, int64_t row)
{
    return tree ? tree->depth[row] : int(row);
}

} // namespace gorgon
