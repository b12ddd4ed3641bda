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

/// A pair of blocks of panels that are read one after another.
struct PairOfBlocks
{
    const uint8_t* panel;
    int64_t block = 0; // even
    int64_t place = 0; // among all pairs

    HWY_INLINE void next(int64_t n_blocks, size_t panel_bytes)
    {
        place++;
        block += 2;
        if (block == n_blocks) {
            block = 0;
            panel += panel_bytes;
        }
    }
};

template <DType dtype> struct ByteTileKernel
{
    static constexpr int kMostRows = kTileRows;
    template <int M> static constexpr int kBeside = int(kPanelGroup);
    static_assert(unitWidth(dtype) % 64 == 0); // so blocks come in pairs

    struct Scratch
    {
        // Sums that wait to be scaled, and bytes of q4 that wait to be multiplied, of pairs.
        alignas(64) int32_t dots[2][2][kTileRows * kPanel];
        alignas(64) uint8_t unpacked[dtype == DType::q4 ? 4 : 1][2][512];
    };

    static HWY_INLINE void unpack(const PairOfBlocks& pair, Scratch& scratch)
    {
        if constexpr (dtype == DType::q4) {
            HWY_UNROLL(2)
            for (int i = 0; i < 2; i++)
                unpackFourBits(pair.panel + valuesOffset(dtype, pair.block + i),
                    scratch.unpacked[pair.place % 4][i]);
        }
    }

    /// Sums of the products of a block: the first of a pair in tile 0, the second in tile 1.
    template <int kSecond>
    static HWY_INLINE void multiply(
        const PairOfBlocks& pair, const uint8_t* x, size_t x_bytes, Scratch& scratch)
    {
        const uint8_t* const values = dtype == DType::q4
            ? scratch.unpacked[pair.place % 4][kSecond]
            : pair.panel + valuesOffset(dtype, pair.block + kSecond);
        const uint8_t* const inputs = x + size_t(pair.block / 2) * x_bytes + 32 * kSecond;
        int32_t* const dots = scratch.dots[pair.place % 2][kSecond];
        // The compiler does not see that tiles read memory.
        __asm__ volatile("" ::: "memory");
        if constexpr (kSecond == 0) {
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
    static HWY_INLINE void scale(
        const BlockScales& w, const uint8_t* scales, const int32_t* dots, V16 (&sums)[M])
    {
        const Floats d;
        HWY_UNROLL(16)
        for (int r = 0; r < M; r++) {
            const auto dot = hn::ConvertTo(d, hn::Load(Ints(), dots + r * kPanel));
            const V scale_of_row = hn::Set(d, floatAt(scales + 4 * r));
            V& sum = sums[r].part[0];
            sum = hn::MulAdd(dot, hn::Mul(w.scale.part[0], scale_of_row), sum);
            if constexpr (dtype == DType::q4)
                sum = hn::NegMulAdd(
                    w.minimum.part[0], hn::Set(d, floatAt(scales + 4 * M + 4 * r)), sum);
        }
    }

    /// P panels of weights for M rows, one panel after another. Sums leave the tiles for memory and
    /// are scaled while the tiles are busy with the next pair of blocks: where tiles are in use one
    /// 512-bit unit is left for floating point, so a block takes no less than its 3 M operations
    /// there, 4 M of q4. Measured (Xeon with AMX): 67 clocks for 16 rows of q8; with the offset of
    /// weights added to the sums by vectors 89, with signed weights 67.
    template <int M, int P>
    static HWY_INLINE void tile(const uint8_t* weights, const uint8_t* /*next*/, size_t panel_bytes,
        const TileRows& rows, const PanelOutput& out)
    {
        configureForBytes(M);
        Scratch scratch;
        const uint8_t* const x = rows.x;
        constexpr size_t kPairBytes = 64 * M; // of inputs
        const int64_t n_blocks = int64_t(panel_bytes / bytesOf32(dtype));
        const int64_t n_pairs = n_blocks / 2 * P;
        GroupFetch fetch(rows, panel_bytes, P, n_pairs);
        PairOfBlocks unpacked{weights}, multiplied{weights};
        for (int i = 0; i < 2 && i < n_pairs; i++) {
            unpack(unpacked, scratch);
            unpacked.next(n_blocks, panel_bytes);
        }
        multiply<0>(multiplied, x, kPairBytes, scratch);
        multiply<1>(multiplied, x, kPairBytes, scratch);
        multiplied.next(n_blocks, panel_bytes);
        for (int p = 0; p < P; p++, weights += panel_bytes) {
            V16 sums[M];
            HWY_UNROLL(16)
            for (int r = 0; r < M; r++)
                sums[r] = set16(0.0F);
            const uint8_t* scales = x + n_blocks / 2 * kPairBytes;
            BlockScales of_unit = unitScales<dtype>(weights, 0);
            for (int64_t b = 0; b < n_blocks; b += 2, scales += 16 * M) {
                fetch.next();
                if (dtype == DType::q4 && unpacked.place < n_pairs) {
                    unpack(unpacked, scratch);
                    unpacked.next(n_blocks, panel_bytes);
                }
                if (b > 0 && b % 8 == 0)
                    of_unit = unitScales<dtype>(weights, b);
                const auto& dots = scratch.dots[(multiplied.place - 1) % 2];
                const bool more = multiplied.place < n_pairs;
                if (more)
                    multiply<0>(multiplied, x, kPairBytes, scratch);
                scale<M>(blockScales<dtype>(weights, b, of_unit), scales, dots[0], sums);
                if (more)
                    multiply<1>(multiplied, x, kPairBytes, scratch);
                scale<M>(
                    blockScales<dtype>(weights, b + 1, of_unit), scales + 8 * M, dots[1], sums);
                multiplied.next(n_blocks, panel_bytes);
            }
            HWY_ALIGN float results[M * kPanel];
            HWY_UNROLL(16)
            for (int r = 0; r < M; r++)
                store16(sums[r], results + r * kPanel);
            writeSums(results, M, int(kPanel), rows.row, rows.column + p * kPanel, out);
        }
    }
};
