// SPDX-License-Identifier: Apache-2.0
// How rows of a cache enter the tensor cores, 32 bytes of 16 rows at a time: four 8 x 8 matrices of
// 16-bit words as ldmatrix gives them. In q8 such a word is two bytes, so one matrix is a whole
// operand: the sums over d and the columns of the values are named in the order in which the bytes
// lie.
#pragma once

#include <type_traits>

#include "kernels/cuda/instructions.h"

namespace gorgon::cuda {

/// A query's element as it is multiplied.
template <typename T> GORGON_DEVICE uint16_t queryBits(float x)
{
    if constexpr (std::is_same_v<T, Half>)
        x = clampToHalf(x);
    return fromFloat<T>(x).bits;
}

/// f16 and bf16: 16 elements a step.
template <typename T> struct WordRows
{
    using Score = T; // of queries and keys
    using Weight = T; // of weights and values
    static constexpr bool kIsScaled = false;
    static constexpr int kElementBytes = 2;
    static constexpr int kScoreSteps = 1; // of 16 summands, in one step of a row
    static constexpr int kValueTiles = 2; // of 8 columns, in one step of a row

    /// Where element d of a query lies among its row's.
    static GORGON_DEVICE int queryPlace(int d) { return d; }
    /// Element of a row that column n of tile `tile` is.
    static GORGON_DEVICE int columnOf(int tile, int n) { return tile * 8 + n; }

    /// s[i] += q times the keys 8 i ... 8 i + 7. raw: (keys 0-7, first half), (0-7, second), (8-15,
    /// ...).
    static GORGON_DEVICE void addScores(
        float (&s)[2][4], const uint32_t (&q)[kScoreSteps][4], const uint32_t (&raw)[4])
    {
        const uint32_t low[2] = {raw[0], raw[1]}, high[2] = {raw[2], raw[3]};
        mma16816<T>(s[0], q[0], low);
        mma16816<T>(s[1], q[0], high);
    }

    /// Operand of tile i of a step. raw, transposed: (values 0-7, first half), (8-15, first), (0-7,
    /// ...).
    static GORGON_DEVICE void valuesOf(const uint32_t (&raw)[4], int i, uint32_t (&b)[2])
    {
        b[0] = raw[2 * i];
        b[1] = raw[2 * i + 1];
    }
};

/// Bytes, whose integers are exact in both types; f16 has three bits more for queries, bf16 the
/// range of weights times scales.
struct ByteRows
{
    using Score = Half;
    using Weight = Bf16;
    static constexpr bool kIsScaled = true;
    static constexpr int kElementBytes = 1;
    static constexpr int kScoreSteps = 2;
    static constexpr int kValueTiles = 4;

    // Bytes 4 t ... 4 t + 3 of 16 are summands 2 t, 2 t + 8, 2 t + 1, 2 t + 9.
    static GORGON_DEVICE int queryPlace(int d)
    {
        return (d & ~15) + (d >> 2 & 3) * 2 + (d >> 1 & 1) + (d & 1) * 8;
    }
    static GORGON_DEVICE int columnOf(int tile, int n)
    {
        return (tile >> 1) * 16 + n * 2 + (tile & 1);
    }

    static GORGON_DEVICE void addScores(
        float (&s)[2][4], const uint32_t (&q)[kScoreSteps][4], const uint32_t (&raw)[4])
    {
        GORGON_UNROLL
        for (int i = 0; i < 4; i++) {
            const uint32_t u = raw[i] ^ 0x80808080U; // q + 128
            const uint32_t keys[2] = {halves(u), halves(u >> 8)};
            mma16816<Half>(s[i / 2], q[i % 2], keys);
        }
    }

    static GORGON_DEVICE void valuesOf(const uint32_t (&raw)[4], int i, uint32_t (&b)[2])
    {
        const int shift = (i & 1) * 8;
        b[0] = bf16s((raw[i & 2] ^ 0x80808080U) >> shift);
        b[1] = bf16s((raw[(i & 2) + 1] ^ 0x80808080U) >> shift);
    }

private:
    /// Bytes 0 and 2, less 128: 1024 + u is an f16 whose last bits are u.
    static GORGON_DEVICE uint32_t halves(uint32_t u)
    {
        return fmaHalfPair((u & 0x00FF00FFU) | 0x64006400U, 0x3C003C00U, 0xE480E480U);
    }
    /// The same: 128 + the lower seven bits, less 128 or, with the eighth bit, plus 0.
    static GORGON_DEVICE uint32_t bf16s(uint32_t u)
    {
        const uint32_t low = (u & 0x007F007FU) | 0x43004300U; // 128 ... 255
        const uint32_t less = (u & 0x00800080U) ^ 0xC380C380U; // -256; with the bit -128
        return fmaBf16Pair(low, 0x3F803F80U, less);
    }
};

} // namespace gorgon::cuda
