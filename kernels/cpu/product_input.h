// SPDX-License-Identifier: Apache-2.0
// The inputs of a product on their way into tiles: normed or gated, and quantized, split or
// transposed, in one pass, by all threads that will multiply.
#pragma once

#include <atomic>

#include "kernels/cpu/product.h"

namespace gorgon {

/// Columns [first, first + count) of n rows of a tile: row r at x + r * stride. first is a multiple
/// of kPartUnit.
struct TilePart
{
    const float* x = nullptr;
    int64_t stride = 0;
    int64_t first = 0;
    int64_t count = 0;
    int64_t length = 0; // of whole rows
    int n = 0;
};

constexpr int64_t kPartUnit = 256; // whole blocks of every form

class InputPacking
{
public:
    /// packed: room for input.x.rows * packedFloats(dtype, input.cols()) floats. One row may be
    /// read as it is; few are packed at once, as that is done before another thread has joined in.
    InputPacking(DType dtype, const ProductInput& input, float* packed, int n_threads);

    const RowTiles& tiles() const { return m_tiles; }
    /// Packs what no other thread has taken and waits until everything is packed. Every thread that
    /// reads the tiles calls it first; one is enough.
    void finish();

private:
    void packPart(int64_t item) const;

    DType m_dtype;
    ProductInput m_input;
    float* m_packed;
    RowTiles m_tiles;
    int64_t m_part_columns = 0; // multiple of kPartUnit
    int64_t m_parts = 1; // of a tile
    int64_t m_items = 0;
    alignas(64) std::atomic<int64_t> m_taken = 0;
    alignas(64) std::atomic<int64_t> m_done = 0;
};

} // namespace gorgon
