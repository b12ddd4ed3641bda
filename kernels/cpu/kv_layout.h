// SPDX-License-Identifier: Apache-2.0
// Places in the cache, in blocks of 16 slots. Keys lie transposed, [head_dim][16], so that a lane
// is a position; values slot by slot, [16][head_dim padded], so that a lane is an output. In q8 a
// block ends with [16] scales in f32, one per slot and head:
//   scale = max |x| / 127, x = scale * q, q in [-127, 127]
// note: one scale per 32 of a head would have a seventh less error where numbers are like each
// other, but sums of scores would have to be scaled within a head and outputs by groups; so the
// scales act on whole scores and on the weights of slots.
// Everything is padded to multiples of 16 with zeros.
#pragma once

#include <cstdint>

#include "kernels/backend.h"

namespace gorgon {

constexpr int64_t kTile = 16; // positions

/// Bytes of an element of a cache.
constexpr int64_t kvElementBytes(DType dtype)
{
    return dtype == DType::q8 ? 1 : int64_t(dtypeBytes(dtype));
}

class KvLayout
{
public:
    KvLayout(const KvCache& cache, int layer)
        : m_dtype(cache.dtype)
        , m_head_dim(cache.head_dim)
        , m_value_dim(valueDim(cache.head_dim))
        , m_blocks(blockCount(cache.capacity))
        , m_key_bytes(blockBytes(cache.dtype, m_head_dim))
        , m_value_bytes(blockBytes(cache.dtype, m_value_dim))
    {
        const int64_t heads = int64_t(layer) * cache.n_kv_heads;
        m_keys = cache.data.as<uint8_t>() + heads * m_blocks * (m_key_bytes + m_value_bytes);
        m_values = m_keys + cache.n_kv_heads * m_blocks * m_key_bytes;
    }

    static int64_t valueDim(int64_t head_dim) { return (head_dim + kTile - 1) / kTile * kTile; }
    /// Of one layer and one head.
    static int64_t bytesPerHead(DType dtype, int head_dim, int64_t capacity)
    {
        return blockCount(capacity)
            * (blockBytes(dtype, head_dim) + blockBytes(dtype, valueDim(head_dim)));
    }

    DType dtype() const { return m_dtype; }
    int64_t headDim() const { return m_head_dim; }
    int64_t valueDim() const { return m_value_dim; }
    int64_t keyBlockBytes() const { return m_key_bytes; }
    /// [head_dim][16], then the scales, of the slots 16 block ... 16 block + 15.
    uint8_t* keyBlock(int head, int64_t block) const
    {
        return m_keys + (head * m_blocks + block) * m_key_bytes;
    }
    /// Element d of a slot's key lies kTile * d elements further.
    uint8_t* key(int head, int64_t slot) const
    {
        return keyBlock(head, slot / kTile) + slot % kTile * kvElementBytes(m_dtype);
    }
    float* keyScale(int head, int64_t slot) const
    {
        return keyScales(keyBlock(head, slot / kTile)) + slot % kTile;
    }
    /// Those of a block of keys; q8.
    float* keyScales(uint8_t* block) const
    {
        return reinterpret_cast<float*>(block + m_head_dim * kTile * kvElementBytes(m_dtype));
    }
    /// valueDim() elements.
    uint8_t* value(int head, int64_t slot) const
    {
        return valueBlock(head, slot / kTile)
            + slot % kTile * m_value_dim * kvElementBytes(m_dtype);
    }
    float* valueScale(int head, int64_t slot) const
    {
        return reinterpret_cast<float*>(
                   valueBlock(head, slot / kTile) + m_value_dim * kTile * kvElementBytes(m_dtype))
            + slot % kTile;
    }

private:
    static int64_t blockCount(int64_t capacity) { return (capacity + kTile - 1) / kTile; }
    static int64_t blockBytes(DType dtype, int64_t width)
    {
        return kTile
            * (width * kvElementBytes(dtype) + (dtype == DType::q8 ? int64_t(sizeof(float)) : 0));
    }
    uint8_t* valueBlock(int head, int64_t block) const
    {
        return m_values + (head * m_blocks + block) * m_value_bytes;
    }

    DType m_dtype;
    int64_t m_head_dim;
    int64_t m_value_dim;
    int64_t m_blocks;
    int64_t m_key_bytes;
    int64_t m_value_bytes;
    uint8_t* m_keys;
    uint8_t* m_values;
};

/// Copies n elements that lie kTile apart.
template <typename T> inline void copyLaneOf(const uint8_t* from, int64_t n, uint8_t* to)
{
    for (int64_t d = 0; d < n; d++)
        __builtin_memcpy(to + d * kTile * sizeof(T), from + d * kTile * sizeof(T), sizeof(T));
}
inline void copyLane(DType dtype, const uint8_t* from, int64_t n, uint8_t* to)
{
    const int64_t bytes = kvElementBytes(dtype);
    if (bytes == 4)
        copyLaneOf<uint32_t>(from, n, to);
    else if (bytes == 2)
        copyLaneOf<uint16_t>(from, n, to);
    else
        copyLaneOf<uint8_t>(from, n, to);
}

/// Depth of row i of an operation: of node i, or of the i-th row of a chain.
inline int depthOf(const TreeTables* tree, int64_t row)
{
    return tree ? tree->depth[row] : int(row);
}

} // namespace gorgon
