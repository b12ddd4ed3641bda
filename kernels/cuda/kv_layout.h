// SPDX-License-Identifier: Apache-2.0
// Places in the cache: rows of one slot and head, [layer][k, v][head][slot][row]. A row is head_dim
// elements, padded with zeros to whole steps of 32 bytes, which is what one ldmatrix reads of it.
// Slots of a head are padded to whole chunks of attention. q8 has f32 scales behind all rows, in
// the same order, [layer][k, v][head][slot]:
//   scale = max |x| / 127, x = scale * q, q in [-127, 127]
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/device.h"

namespace gorgon::cuda {

constexpr int kSubBlock = 16; // positions of one k-step of the weights times the values
constexpr int kChunk = 64; // positions under one exact maximum
constexpr int kSuperchunk = 1024; // positions whose chunks are merged first
constexpr int kStepBytes = 32; // of a row
constexpr int kMostHeadDim = 256;

GORGON_HOST_DEVICE constexpr int kvElementBytes(DType dtype)
{
    return dtype == DType::q8 ? 1 : 2;
}

/// One layer of a cache, as kernels get it.
struct KvLayout
{
    uint8_t* keys = nullptr; // of head 0, slot 0
    uint8_t* values = nullptr;
    float* key_scales = nullptr; // q8
    float* value_scales = nullptr;
    int64_t n_slots = 0; // of a head
    int n_kv_heads = 0;
    int head_dim = 0;
    int row_bytes = 0;

    KvLayout(const KvCache& cache, int layer)
        : n_slots(slotCount(cache.capacity))
        , n_kv_heads(cache.n_kv_heads)
        , head_dim(cache.head_dim)
        , row_bytes(rowBytesOf(cache.dtype, cache.head_dim))
    {
        const int64_t rows = n_kv_heads * n_slots; // of the keys of one layer
        uint8_t* const data = cache.data.as<uint8_t>();
        keys = data + int64_t(layer) * 2 * rows * row_bytes;
        values = keys + rows * row_bytes;
        if (cache.dtype != DType::q8)
            return;
        auto* const scales
            = reinterpret_cast<float*>(data + int64_t(cache.n_layers) * 2 * rows * row_bytes);
        key_scales = scales + int64_t(layer) * 2 * rows;
        value_scales = key_scales + rows;
    }

    static constexpr int64_t slotCount(int64_t capacity)
    {
        return (capacity + kChunk - 1) / kChunk * kChunk;
    }
    static constexpr int rowBytesOf(DType dtype, int head_dim)
    {
        return (head_dim * kvElementBytes(dtype) + kStepBytes - 1) / kStepBytes * kStepBytes;
    }
    /// Keys and values of one layer and one head.
    static constexpr int64_t bytesPerHead(DType dtype, int head_dim, int64_t capacity)
    {
        const int64_t scale_bytes = dtype == DType::q8 ? int64_t(sizeof(float)) : 0;
        return 2 * slotCount(capacity) * (rowBytesOf(dtype, head_dim) + scale_bytes);
    }

    GORGON_HOST_DEVICE int64_t row(int head, int64_t slot) const { return head * n_slots + slot; }
};

/// Depth of row i of an operation: of node i, or of the i-th row of a chain.
GORGON_DEVICE int depthOf(const TreeTables* tree, int row)
{
    return tree ? tree->depth[row] : row;
}

} // namespace gorgon::cuda
