// SPDX-License-Identifier: Apache-2.0
// The product of packed weights with up to 256 rows, a slab of outputs at a time. A lane owns an
// output and adds weight times input in ascending k by fused multiply-add, whatever the number of
// rows: how many rows and panels are in flight decides speed only. Quantized weights: see
// product_int8.h.
#pragma once

#include <cstdint>

#include "kernels/backend.h"
#include "kernels/cpu/pack.h"

namespace gorgon {

/// How the rows of inputs lie in a tile, and with it the instructions that multiply them.
enum class InputForm : uint8_t
{
    floats, // [k][rows]
    pairs, // bf16: rounded to bf16, [k / 2][rows][2]
    bytes, // q8, q4: see quantizeRowsOfTile
    byte_tiles, // the same for AMX
    split_tiles, // bf16 on AMX: see splitRowsOfTile
};

// Against matrices of bf16 from this width on, inputs are rounded to bf16 where that is faster, as
// they were when such models were trained, or split for AMX. Narrower ones lie in the caches, where
// a row of f32 takes a fifth less time than a row of tiles.
constexpr int64_t kWideFrom = 512;

/// Rows 0 ... m - 1 cut into tiles of nearly equal height, in units of rows that transpose well.
struct RowTiles
{
    const float* x = nullptr; // packed: tile after tile, each [k][rows of the tile]
    int64_t row_floats = 0; // of one row: n_in padded, or blocks of 8-bit values
    int m = 0;
    int most_rows = 1; // of a tile, on the processor at hand: a multiple of the unit
    InputForm form = InputForm::floats;

    int unit() const { return most_rows % 4 == 0 ? 4 : most_rows % 2 == 0 ? 2 : 1; }
    int count() const { return (m + most_rows - 1) / most_rows; }
    int firstRow(int tile) const
    {
        const int units = (m + unit() - 1) / unit(), n_tiles = count();
        const int extra = units % n_tiles;
        const int row = unit() * (tile * (units / n_tiles) + (tile < extra ? tile : extra));
        return row < m ? row : m;
    }
};

/// Floats that a packed row of inputs takes: against quantized weights 32 bytes, a scale and a sum
/// per 32 of k.
constexpr int64_t packedFloats(DType dtype, int64_t n_in)
{
    return isQuantized(dtype) ? paddedInputs(dtype, n_in) / 32 * 10 : paddedInputs(dtype, n_in);
}

/// Where the sums go: row r of y at y + r * stride; columns from n_out on do not exist.
struct PanelOutput
{
    float* y = nullptr;
    int64_t stride = 0;
    int64_t n_out = 0;
    const float* bias = nullptr;
    bool add = false;
};

/// Rows of a tile at most, in the forms floats and pairs.
int floatMostRows();

/// Panels [first, first + n_panels) of w for all rows: they stay in the second-level cache while
/// row tiles pass over them. first and n_panels are multiples of kPanelGroup. column: of the first
/// panel, in y. next: the panel that this thread will read afterwards, or -1.
void productSlab(const Matrix& w, int64_t first, int n_panels, int64_t next, const RowTiles& tiles,
    int64_t column, const PanelOutput& out);

/// Ends the work of a thread on the slabs of a product: gives back what it holds of the processor.
void endSlabs(const RowTiles& tiles);

} // namespace gorgon
