// SPDX-License-Identifier: Apache-2.0
// Products of q8 and q4 weights with inputs in bytes. Part of product_amx_tile.h.

#include "kernels/cpu/product_rows.h"

constexpr int kBatch = 4; // blocks multiplied at once, one tile of sums each

/// Bytes of four bits from [32 k][16 outputs], as q8 has them.
HWY_INLINE void unpackFourBits(const uint8_t* values, uint8_t* to)
{
    const Words d;
    const auto low = hn::Set(d, 0x0F0F0F0FU);
    auto* const words = reinterpret_cast<uint32_t*>(to);
    HWY_UNROLL(4)
    for (int j = 0; j < 4; j++) {
        const auto pairs = hn::LoadU(d, reinterpret_cast<const uint32_t*>(values + 64 * j));
        hn::Store(hn::And(pairs, low), d, words + 32 * j);
        hn::Store(hn::And(hn::ShiftRight<4>(pairs), low), d, words + 32 * j + 16);
    }
}

template <DType dtype> struct ByteTileKernel
{
    static constexpr int kMostRows = kTileRows;
    template <int M> static constexpr int kBeside = 1;
    static constexpr size_t kBytes = bytesOf32(dtype);

    struct Scratch
    {
        alignas(64) int32_t dots[kBatch][kTileRows * kPanel];
        alignas(64) uint8_t unpacked[kBatch][512];
    };

    /// Sums of the products of up to kBatch blocks from block `first` on.
    static HWY_INLINE void multiply(
        const uint8_t* weights, const uint8_t* x, size_t x_bytes, int64_t first, int n, Scratch& to)
    {
        const uint8_t* values[kBatch];
        HWY_UNROLL(4)
        for (int i = 0; i < kBatch; i++) {
            values[i] = weights + valuesOffset(dtype, first + i);
            if (dtype == DType::q4) {
                unpackFourBits(values[i], to.unpacked[i]);
                values[i] = to.unpacked[i];
            }
        }
        // The compiler does not see that tiles read memory.
        __asm__ volatile("" ::: "memory");
        const uint8_t* const inputs = x + size_t(first) / 2 * x_bytes;
        _tile_zero(0);
        _tile_loadd(4, inputs, 64);
        _tile_loadd(6, values[0], 64);
        _tile_dpbsud(0, 4, 6);
        _tile_zero(1);
        _tile_loadd(5, inputs + 32, 64);
        _tile_loadd(7, values[1], 64);
        _tile_dpbsud(1, 5, 7);
        if (n > 2) {
            _tile_zero(2);
            _tile_loadd(4, inputs + x_bytes, 64);
            _tile_loadd(6, values[2], 64);
            _tile_dpbsud(2, 4, 6);
            _tile_zero(3);
            _tile_loadd(5, inputs + x_bytes + 32, 64);
            _tile_loadd(7, values[3], 64);
            _tile_dpbsud(3, 5, 7);
            _tile_stored(2, to.dots[2], 64);
            _tile_stored(3, to.dots[3], 64);
        }
        _tile_stored(0, to.dots[0], 64);
        _tile_stored(1, to.dots[1], 64);
    }

    /// One panel of weights for M rows. Sums leave the tiles for memory and are scaled while the
    /// tiles are busy with the next blocks.
    template <int M, int P>
    static HWY_INLINE void tile(const uint8_t* weights, const uint8_t* /*next*/, size_t panel_bytes,
        const TileRows& rows, const PanelOutput& out)
    {
        static_assert(P == 1);
        configureTiles(M, M, 32, 8);
        const Floats d;
        const Ints di;
        Scratch scratch[2];
        V16 sums[M];
        HWY_UNROLL(16)
        for (int r = 0; r < M; r++)
            sums[r] = set16(0.0F);
        const int64_t n_blocks = int64_t(panel_bytes / kBytes);
        const auto countFrom
            = [=](int64_t b) { return n_blocks - b < kBatch ? int(n_blocks - b) : kBatch; };
        multiply(weights, rows.x, 64 * M, 0, countFrom(0), scratch[0]);
        int current = 0;
        for (int64_t first = 0; first < n_blocks; first += kBatch, current ^= 1) {
            const int n = countFrom(first);
            prefetchGroup(rows, panel_bytes, size_t(first) * kBytes, kBatch * kBytes);
            if (first + kBatch < n_blocks)
                multiply(weights, rows.x, 64 * M, first + kBatch, countFrom(first + kBatch),
                    scratch[current ^ 1]);
            for (int i = 0; i < n; i++) {
                const int64_t b = first + i;
                const uint8_t* const scales = rows.x + (n_blocks * 32 + b * 8) * M;
                const int32_t* const dots = scratch[current].dots[i];
                const BlockScales w = blockScales<dtype>(weights, b);
                HWY_UNROLL(16)
                for (int r = 0; r < M; r++) {
                    auto dot = hn::Load(di, dots + r * kPanel);
                    if constexpr (dtype == DType::q8)
                        dot = hn::Add(dot, hn::Set(di, intAt(scales + 4 * M + 4 * r)));
                    const V scale = hn::Set(d, floatAt(scales + 4 * r));
                    V& sum = sums[r].part[0];
                    sum = hn::MulAdd(hn::ConvertTo(d, dot), hn::Mul(w.scale.part[0], scale), sum);
                    if constexpr (dtype == DType::q4)
                        sum = hn::NegMulAdd(
                            w.minimum.part[0], hn::Set(d, floatAt(scales + 4 * M + 4 * r)), sum);
                }
            }
        }
        HWY_ALIGN float results[M * kPanel];
        HWY_UNROLL(16)
        for (int r = 0; r < M; r++)
            store16(sums[r], results + r * kPanel);
        writeSums(results, M, int(kPanel), rows.row, rows.column, out);
    }
};
