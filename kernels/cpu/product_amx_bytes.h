// SPDX-License-Identifier: Apache-2.0
// Products of q8 and q4 weights with inputs in bytes. Part of product_amx_tile.h.

#include "kernels/cpu/product_rows.h"

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
    static constexpr int kRing = 4; // blocks of sums that were multiplied and wait to be scaled
    static constexpr int kUnpacked = 8; // blocks of bytes that wait to be multiplied
    static_assert(unitWidth(dtype) % 64 == 0); // so blocks come in pairs

    struct Scratch
    {
        alignas(64) int32_t dots[kRing][kTileRows * kPanel];
        alignas(64) uint8_t unpacked[dtype == DType::q4 ? kUnpacked : 1][512];
    };

    const uint8_t* weights;
    const uint8_t* x;
    size_t x_bytes; // of a pair of blocks
    Scratch& scratch;

    HWY_INLINE void unpack(int64_t b) const
    {
        if constexpr (dtype == DType::q4)
            unpackFourBits(weights + valuesOffset(dtype, b), scratch.unpacked[b % kUnpacked]);
    }

    /// Sums of the products of block b, an even one in tile 0, an odd one in tile 1.
    template <int kOdd> HWY_INLINE void multiply(int64_t b) const
    {
        const uint8_t* const values = dtype == DType::q4 ? scratch.unpacked[b % kUnpacked]
                                                         : weights + valuesOffset(dtype, b);
        const uint8_t* const inputs = x + size_t(b / 2) * x_bytes + 32 * kOdd;
        int32_t* const dots = scratch.dots[b % kRing];
        // The compiler does not see that tiles read memory.
        __asm__ volatile("" ::: "memory");
        if constexpr (kOdd == 0) {
            _tile_zero(0);
            _tile_loadd(4, inputs, 64);
            _tile_loadd(6, values, 64);
            if constexpr (dtype == DType::q8)
                _tile_dpbssd(0, 4, 3);
            _tile_dpbsud(0, 4, 6);
            _tile_stored(0, dots, 64);
        } else {
            _tile_zero(1);
            _tile_loadd(5, inputs, 64);
            _tile_loadd(7, values, 64);
            if constexpr (dtype == DType::q8)
                _tile_dpbssd(1, 5, 3);
            _tile_dpbsud(1, 5, 7);
            _tile_stored(1, dots, 64);
        }
    }

    template <int M>
    HWY_INLINE void scale(
        int64_t b, const uint8_t* scales, const BlockScales& of_unit, V16 (&sums)[M]) const
    {
        const Floats d;
        const Ints di;
        const int32_t* const dots = scratch.dots[b % kRing];
        const BlockScales w = blockScales<dtype>(weights, b, of_unit);
        HWY_UNROLL(16)
        for (int r = 0; r < M; r++) {
            const auto dot = hn::ConvertTo(d, hn::Load(di, dots + r * kPanel));
            const V scale_of_row = hn::Set(d, floatAt(scales + 4 * r));
            V& sum = sums[r].part[0];
            sum = hn::MulAdd(dot, hn::Mul(w.scale.part[0], scale_of_row), sum);
            if constexpr (dtype == DType::q4)
                sum = hn::NegMulAdd(
                    w.minimum.part[0], hn::Set(d, floatAt(scales + 4 * M + 4 * r)), sum);
        }
    }

    /// One panel of weights for M rows. Sums leave the tiles for memory and are scaled while the
    /// tiles are busy with the next blocks: where tiles are in use one 512-bit unit is left for
    /// floating point, so a block takes no less than its 3 M operations there, 4 M of q4.
    /// Measured (Xeon with AMX): 67 clocks for 16 rows of q8; with the offset of weights added to
    /// the sums by vectors 89, with signed weights 67.
    template <int M, int P>
    static HWY_INLINE void tile(const uint8_t* weights, const uint8_t* /*next*/, size_t panel_bytes,
        const TileRows& rows, const PanelOutput& out)
    {
        static_assert(P == 1);
        configureForBytes(M);
        Scratch scratch;
        const ByteTileKernel kernel{weights, rows.x, size_t(64 * M), scratch};
        V16 sums[M];
        HWY_UNROLL(16)
        for (int r = 0; r < M; r++)
            sums[r] = set16(0.0F);
        const int64_t n_blocks = int64_t(panel_bytes / kBytes);
        const uint8_t* scales = rows.x + n_blocks * 32 * M;
        GroupFetch fetch(rows, panel_bytes, 1, n_blocks / 2);
        for (int64_t b = 0; b < 4 && b < n_blocks; b++)
            kernel.unpack(b);
        kernel.template multiply<0>(0);
        kernel.template multiply<1>(1);
        BlockScales of_unit = unitScales<dtype>(weights, 0);
        for (int64_t b = 0; b < n_blocks; b += 2, scales += 16 * M) {
            fetch.next();
            if (b > 0 && b % 8 == 0)
                of_unit = unitScales<dtype>(weights, b);
            const bool more = b + 2 < n_blocks;
            if (b + 4 < n_blocks) {
                kernel.unpack(b + 4);
                kernel.unpack(b + 5);
            }
            if (more)
                kernel.template multiply<0>(b + 2);
            kernel.scale(b, scales, of_unit, sums);
            if (more)
                kernel.template multiply<1>(b + 3);
            kernel.scale(b + 1, scales + 8 * M, of_unit, sums);
        }
        HWY_ALIGN float results[M * kPanel];
        HWY_UNROLL(16)
        for (int r = 0; r < M; r++)
            store16(sums[r], results + r * kPanel);
        writeSums(results, M, int(kPanel), rows.row, rows.column, out);
    }
};
