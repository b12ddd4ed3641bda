// SPDX-License-Identifier: Apache-2.0
// The tiles of product_amx.cpp, included where AVX-512 and AMX may be used.
// Tiles 0 ... 3 hold sums, 4 and 5 inputs, 6 and 7 weights.

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

/// Sums of rows0 (tiles 0, 1) and rows1 rows (2, 3); inputs of as many (4, 5).
static void configureTiles(int rows0, int rows1, int input_bytes, int weight_rows)
{
    const uint32_t wanted = uint32_t(rows0 | rows1 << 8 | input_bytes << 16 | weight_rows << 24);
    if (configured == wanted)
        return;
    configured = wanted;
    TileConfig config;
    const uint8_t rows[8] = {uint8_t(rows0), uint8_t(rows0), uint8_t(rows1), uint8_t(rows1),
        uint8_t(rows0), uint8_t(rows1), uint8_t(weight_rows), uint8_t(weight_rows)};
    for (int i = 0; i < 8; i++) {
        config.row_bytes[i] = uint16_t(i == 4 || i == 5 ? input_bytes : 64);
        config.rows[i] = rows[i];
    }
    // GCC 12 believes that only the first eight bytes are read.
    __asm__ volatile("" ::"r"(&config) : "memory");
    _tile_loadconfig(&config);
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
