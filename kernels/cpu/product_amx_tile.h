// SPDX-License-Identifier: Apache-2.0
// The tiles of product_amx.cpp, included where AVX-512 and AMX may be used.

/// What LDTILECFG reads.
struct alignas(64) TileConfig
{
    uint8_t palette = 1;
    uint8_t start_row = 0;
    uint8_t reserved[14] = {};
    uint16_t row_bytes[16] = {};
    uint8_t rows[16] = {};
};

/// What this thread's tiles are configured for; 0: released.
static thread_local uint32_t configured = 0;

/// Shapes of the tiles: rows, and bytes of a row.
struct TileShape
{
    int rows, row_bytes = 64;
};

static void configureTiles(const TileShape (&shapes)[8])
{
    TileConfig config;
    for (int i = 0; i < 8; i++) {
        config.row_bytes[i] = uint16_t(shapes[i].row_bytes);
        config.rows[i] = uint8_t(shapes[i].rows);
    }
    // GCC 12 believes that only the first eight bytes are read.
    __asm__ volatile("" ::"r"(&config) : "memory");
    _tile_loadconfig(&config);
}

/// Sums of rows0 (tiles 0, 1) and rows1 rows (2, 3); inputs of as many (4, 5); weights (6, 7).
static void configureForPairs(int rows0, int rows1)
{
    const uint32_t wanted = uint32_t(rows0 | rows1 << 8);
    if (configured == wanted)
        return;
    configured = wanted;
    configureTiles({{rows0}, {rows0}, {rows1}, {rows1}, {rows0}, {rows1}, {16}, {16}});
}

/// Sums of `rows` (tiles 0, 1), a block of weights that are -128 (3), a block of inputs (4, 5) and
/// of weights (6, 7).
static void configureForBytes(int rows)
{
    const uint32_t wanted = uint32_t(rows | 1 << 16);
    if (configured == wanted)
        return;
    configured = wanted;
    configureTiles({{rows}, {rows}, {0, 0}, {8}, {rows, 32}, {rows, 32}, {8}, {8}});
    alignas(64) int8_t line[64];
    __builtin_memset(line, -128, sizeof line);
    __asm__ volatile("" ::"r"(&line) : "memory");
    _tile_loadd(3, line, 0);
}

#include "kernels/cpu/product_amx_bf16.h"
#include "kernels/cpu/product_amx_bytes.h"

static void slabOnTiles(const Matrix& w, int64_t first, int n_panels, int64_t next,
    const RowTiles& tiles, int64_t column, const PanelOutput& out)
{
    const size_t panel_bytes = panelBytes(w.dtype, w.n_in);
    const uint8_t* const weights = w.data.as<const uint8_t>() + size_t(first) * panel_bytes;
    const uint8_t* const after
        = next < 0 ? weights : w.data.as<const uint8_t>() + size_t(next) * panel_bytes;
    if (w.dtype == DType::bf16)
        splitSlab(weights, after, panel_bytes, n_panels, tiles, column, out);
    else if (w.dtype == DType::q8)
        slabOf<ByteTileKernel<DType::q8>>(
            weights, after, panel_bytes, n_panels, tiles, column, out);
    else
        slabOf<ByteTileKernel<DType::q4>>(
            weights, after, panel_bytes, n_panels, tiles, column, out);
}

/// Else the system saves and restores 8 KB at every change of threads.
static void releaseTiles()
{
    if (configured != 0)
        _tile_release();
    configured = 0;
}
