// SPDX-License-Identifier: Apache-2.0
// What the formats of weights are to product_tile.h. A warp owns 64 outputs x 32 k of each stage of
// 128 outputs x 128 k. A format says where they lie, how a lane copies its share into the warp's
// slot of the ring, and how it makes operands of mma from it:
//   kStages, kWarpBytes   slots of the ring, bytes of one
//   kIsShared             lanes read what others of the warp copied
//   kHasSums              needs the sums of the inputs
//   Source                of one lane; copy(slot, stage)
//   Operands              of one stage: a[4 tiles][2 steps][4 registers], fold(acc, blk, r, sums)
#pragma once

#include "kernels/cuda/weights.h"

namespace gorgon::cuda {

constexpr int kTileOutputs = 128; // of a block
constexpr int kWarpTiles = 4; // of 16 outputs, of a warp

/// Which part of each stage a lane is at work on.
struct LanePart
{
    int tile; // of 128 outputs
    int half; // of the tile's outputs
    int quarter; // of the stage's k
    int lane;

    GORGON_DEVICE int g() const { return lane / 4; }
    GORGON_DEVICE int t() const { return lane % 4; }
};

template <typename T> struct PlainFormat // T: Half or Bf16
{
    using Element = T;
    static constexpr int kStages = 3;
    static constexpr int kWarpBytes = 4096; // [tile][output g, g + 8][lane][16 bytes: 8 k]
    static constexpr bool kIsShared = false;
    static constexpr bool kHasSums = false;

    struct Source
    {
        const T* data;
        int64_t stride;
        int first, last; // row of the first piece; rows beyond the last are read as the last
        int lane;
        CachePolicy policy;

        GORGON_DEVICE Source(const Weights& w, const LanePart& part, CachePolicy cache)
            : data(reinterpret_cast<const T*>(w.data) + part.quarter * 32 + part.t() * 8)
            , stride(w.stride)
            , first(part.tile * kTileOutputs + part.half * 64 + part.g())
            , last(w.n_out - 1)
            , lane(part.lane)
            , policy(cache)
        {
        }
        GORGON_DEVICE void copy(unsigned char* slot, int stage) const
        {
            GORGON_UNROLL
            for (int i = 0; i < 2 * kWarpTiles; i++) {
                const int row = first + 8 * i < last ? first + 8 * i : last;
                copyAsync16(slot + (i * kWarp + lane) * 16,
                    data + row * stride + int64_t(stage) * kStageK, policy);
            }
        }
    };

    struct Operands
    {
        uint32_t a[kWarpTiles][2][4];

        GORGON_DEVICE Operands(const unsigned char* slot, int lane)
        {
            GORGON_UNROLL
            for (int r = 0; r < kWarpTiles; r++) {
                const Words4 low = loadWords4(slot + (2 * r * kWarp + lane) * 16);
                const Words4 high = loadWords4(slot + ((2 * r + 1) * kWarp + lane) * 16);
                GORGON_UNROLL
                for (int step = 0; step < 2; step++) {
                    a[r][step][0] = low.w[2 * step];
                    a[r][step][1] = high.w[2 * step];
                    a[r][step][2] = low.w[2 * step + 1];
                    a[r][step][3] = high.w[2 * step + 1];
                }
            }
        }
        GORGON_DEVICE void fold(
            float (&acc)[4], const float (&blk)[4], int, const float (&)[2]) const
        {
            GORGON_UNROLL
            for (int i = 0; i < 4; i++)
                acc[i] = addRn(acc[i], blk[i]);
        }
    };
};

/// Where a lane's pieces of 64 outputs begin.
GORGON_DEVICE int64_t pieceRowOf(const Weights& w, const LanePart& part)
{
    const int64_t row = part.tile * (kTileOutputs / kPieceOutputs) + part.half;
    const int64_t last = (w.n_out - 1) / kPieceOutputs;
    return row < last ? row : last;
}

struct Q8Format
{
    using Element = Bf16;
    static constexpr int kStages = 5;
    static constexpr int kWarpBytes = int(kQ8PieceBytes);
    static constexpr bool kIsShared = true;
    static constexpr bool kHasSums = false;

    struct Source
    {
        const unsigned char* data;
        int lane;
        CachePolicy policy;

        GORGON_DEVICE Source(const Weights& w, const LanePart& part, CachePolicy cache)
            : data(w.data
                + size_t(pieceRowOf(w, part) * stagesOf(w.n_in) * 4 + part.quarter) * kQ8PieceBytes
                + size_t(part.lane * 16))
            , lane(part.lane)
            , policy(cache)
        {
        }
        GORGON_DEVICE void copy(unsigned char* slot, int stage) const
        {
            const unsigned char* const from = data + int64_t(stage) * int64_t(4 * kQ8PieceBytes);
            GORGON_UNROLL
            for (int i = 0; i < kWarpTiles; i++)
                copyAsync16(slot + (i * kWarp + lane) * 16, from + i * 512, policy);
            if (lane < 8)
                copyAsync16(slot + kQ8PieceScales + lane * 16, from + kQ8PieceScales, policy);
        }
    };

    struct Operands
    {
        uint32_t a[kWarpTiles][2][4];
        Words4 scales; // per tile: of outputs g, g + 8

        /// q of the bytes 0 and 2 of q + 128, exactly, as bf16.
        GORGON_DEVICE static uint32_t pairOf(uint32_t u)
        {
            return fmaBf16Pair(
                (u & 0x00800080U) ^ 0x43804380U, 0xBF80BF80U, (u & 0x007F007FU) | 0x43004300U);
        }

        GORGON_DEVICE Operands(const unsigned char* slot, int lane)
            : scales(loadWords4(slot + kQ8PieceScales + lane / 4 * 16))
        {
            GORGON_UNROLL
            for (int r = 0; r < kWarpTiles; r++) {
                const Words4 words = loadWords4(slot + (r * kWarp + lane) * 16);
                GORGON_UNROLL
                for (int step = 0; step < 2; step++) {
                    a[r][step][0] = pairOf(words.w[step]);
                    a[r][step][1] = pairOf(words.w[2 + step]);
                    a[r][step][2] = pairOf(words.w[step] >> 8U);
                    a[r][step][3] = pairOf(words.w[2 + step] >> 8U);
                }
            }
        }
        GORGON_DEVICE static Operands ofPiece(const Weights& w, int64_t piece, int lane)
        {
            return {w.data + piece * int64_t(kQ8PieceBytes), lane};
        }
        GORGON_DEVICE float scaleOf(int r, int upper) const
        {
            return upper == 0 ? lowOf<Half>(scales.w[r]) : highOf<Half>(scales.w[r]);
        }
        GORGON_DEVICE static float negativeMinimumOf(int, int) { return 0; }

        GORGON_DEVICE void fold(
            float (&acc)[4], const float (&blk)[4], int r, const float (&)[2]) const
        {
            GORGON_UNROLL
            for (int i = 0; i < 4; i++)
                acc[i] = fmaRn(scaleOf(r, i / 2), blk[i], acc[i]);
        }
    };
};

struct Q4Format
{
    using Element = Bf16;
    static constexpr int kStages = 8;
    static constexpr int kWarpBytes = int(kQ4PieceBytes + kQ4WideBytes);
    static constexpr bool kIsShared = true;
    static constexpr bool kHasSums = true;

    struct Source
    {
        const unsigned char* data;
        const unsigned char* wide;
        int lane;
        CachePolicy policy;

        GORGON_DEVICE Source(const Weights& w, const LanePart& part, CachePolicy cache)
            : data(w.data
                + size_t(pieceRowOf(w, part) * stagesOf(w.n_in) * 4 + part.quarter) * kQ4PieceBytes
                + size_t(part.lane * 16))
            , wide(w.wide
                  + size_t(pieceRowOf(w, part) * ((stagesOf(w.n_in) + 1) / 2)) * kQ4WideBytes
                  + size_t(part.lane * 16))
            , lane(part.lane)
            , policy(cache)
        {
        }
        GORGON_DEVICE void copy(unsigned char* slot, int stage) const
        {
            const unsigned char* const from = data + int64_t(stage) * int64_t(4 * kQ4PieceBytes);
            GORGON_UNROLL
            for (int i = 0; i < kWarpTiles / 2; i++)
                copyAsync16(slot + (i * kWarp + lane) * 16, from + i * 512, policy);
            if (lane < 8)
                copyAsync16(slot + kQ4PieceScales + lane * 16, from + kQ4PieceScales, policy);
            // Read by the four warps of these outputs, and in two stages.
            if (lane < 16)
                copyAsync16Cached(slot + kQ4PieceBytes + lane * 16,
                    wide + int64_t(stage / 2) * int64_t(kQ4WideBytes));
        }
    };

    struct Operands
    {
        uint32_t a[kWarpTiles][2][4];
        float scales[kWarpTiles][2]; // of outputs g, g + 8
        float minima[kWarpTiles][2]; // negative

        /// The nibbles 0 and 4, exactly, as bf16.
        GORGON_DEVICE static uint32_t pairOf(uint32_t w)
        {
            return fmaBf16Pair((w & 0x000F000FU) | 0x43004300U, 0x3F803F80U, 0xC300C300U);
        }

        GORGON_DEVICE Operands(const unsigned char* slot, int lane)
            : Operands(slot, slot + kQ4PieceBytes, lane)
        {
        }
        GORGON_DEVICE static Operands ofPiece(const Weights& w, int64_t piece, int lane)
        {
            const int64_t stages = stagesOf(w.n_in), row = piece / (4 * stages);
            const int64_t wide = row * ((stages + 1) / 2) + piece % (4 * stages) / 8;
            return {w.data + piece * int64_t(kQ4PieceBytes), w.wide + wide * int64_t(kQ4WideBytes),
                lane};
        }
        /// wide: of these 64 outputs and 256 k.
        GORGON_DEVICE Operands(const unsigned char* slot, const unsigned char* wide_pairs, int lane)
        {
            const int g = lane / 4;
            const Words4 bytes = loadWords4(slot + kQ4PieceScales + g * 16);
            GORGON_UNROLL
            for (int r = 0; r < kWarpTiles; r++) {
                const Words2 wide = loadWords2(wide_pairs + g * 32 + r * 8);
                GORGON_UNROLL
                for (int i = 0; i < 2; i++) {
                    const auto halfOf
                        = [&](uint32_t pair) { return Half{uint16_t(pair >> (16 * i))}; };
                    const uint32_t both = bytes.w[r] >> (8 * i);
                    scales[r][i] = q4Factor(halfOf(wide.w[0]), both & 0xFFU);
                    minima[r][i] = -q4Factor(halfOf(wide.w[1]), (both >> 16U) & 0xFFU);
                }
            }
            GORGON_UNROLL
            for (int r = 0; r < kWarpTiles; r += 2) {
                const Words4 words = loadWords4(slot + (r / 2 * kWarp + lane) * 16);
                GORGON_UNROLL
                for (int i = 0; i < 4; i++) {
                    const uint32_t w = words.w[i];
                    GORGON_UNROLL
                    for (int part = 0; part < 4; part++)
                        a[r + i / 2][i % 2][part] = pairOf(w >> (4 * part));
                }
            }
        }
        GORGON_DEVICE float scaleOf(int r, int upper) const { return scales[r][upper]; }
        GORGON_DEVICE float negativeMinimumOf(int r, int upper) const { return minima[r][upper]; }

        GORGON_DEVICE void fold(
            float (&acc)[4], const float (&blk)[4], int r, const float (&sums)[2]) const
        {
            GORGON_UNROLL
            for (int i = 0; i < 4; i++)
                acc[i]
                    = fmaRn(scales[r][i / 2], blk[i], fmaRn(minima[r][i / 2], sums[i % 2], acc[i]));
        }
    };
};

} // namespace gorgon::cuda
