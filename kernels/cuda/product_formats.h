// SPDX-License-Identifier: Apache-2.0
// What the formats of weights are to product_tile.h. A warp owns 64 outputs x 32 k of each stage of
// 128 outputs x 128 k. A format says where they lie, how a lane copies its share into the warp's
// slot of the ring, and how it makes operands of mma from it:
//   kStages, kWarpBytes   slots of the ring, bytes of one
//   kIsShared             lanes read what others of the warp copied
//   kHasSums              needs the sums of the inputs
//   kHasScales            sums of 32 k are multiplied by scales, see fold
//   Source                of one lane; copy(slot, stage)
//   Operands              of one stage; tile(r) are those of 16 outputs:
//   Tile                  a[2 steps][4 registers], where it has scales fold(acc, blk, sums of rows)
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
    static constexpr bool kHasScales = false;

    struct Source
    {
        const T* data; // of the tile's first output
        int offset[2 * kWarpTiles]; // elements; outputs beyond the last are read as the last
        int lane;
        CachePolicy policy;

        GORGON_DEVICE Source(const Weights& w, const LanePart& part, CachePolicy cache)
            : data(reinterpret_cast<const T*>(w.data) + int64_t(part.tile) * kTileOutputs * w.stride
                + part.quarter * 32 + part.t() * 8)
            , lane(part.lane)
            , policy(cache)
        {
            const int last = w.n_out - 1 - part.tile * kTileOutputs;
            GORGON_UNROLL
            for (int i = 0; i < 2 * kWarpTiles; i++) {
                const int output = part.half * 64 + 8 * i + part.g();
                offset[i] = (output < last ? output : last) * int(w.stride);
            }
        }
        GORGON_DEVICE void copy(unsigned char* slot, int stage) const
        {
            const T* const from = data + int64_t(stage) * kStageK;
            GORGON_UNROLL
            for (int i = 0; i < 2 * kWarpTiles; i++)
                copyAsync16(slot + (i * kWarp + lane) * 16, from + offset[i], policy);
        }
    };

    struct Tile
    {
        uint32_t a[2][4];
    };

    struct Operands
    {
        const unsigned char* from;

        GORGON_DEVICE Operands(const unsigned char* slot, int lane)
            : from(slot + lane * 16)
        {
        }
        GORGON_DEVICE Tile tile(int r) const
        {
            const Words4 low = loadWords4(from + 2 * r * kWarp * 16);
            const Words4 high = loadWords4(from + (2 * r + 1) * kWarp * 16);
            return {{{low.w[0], high.w[0], low.w[1], high.w[1]},
                {low.w[2], high.w[2], low.w[3], high.w[3]}}};
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
    static constexpr bool kHasScales = true;

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

    struct Tile
    {
        uint32_t a[2][4];
        float scale[2]; // of outputs g, g + 8

        GORGON_DEVICE float negativeMinimumOf(int) const { return 0; }
        GORGON_DEVICE void fold(float (&acc)[4], const float (&blk)[4], const float (&)[2]) const
        {
            GORGON_UNROLL
            for (int i = 0; i < 4; i++)
                acc[i] = fmaRn(scale[i / 2], blk[i], acc[i]);
        }
    };

    struct Operands
    {
        const unsigned char* from;
        Words4 scales; // per tile: of outputs g, g + 8

        GORGON_DEVICE Operands(const unsigned char* slot, int lane)
            : from(slot + lane * 16)
            , scales(loadWords4(slot + kQ8PieceScales + lane / 4 * 16))
        {
        }
        GORGON_DEVICE static Operands ofPiece(const Weights& w, int64_t piece, int lane)
        {
            return {w.data + piece * int64_t(kQ8PieceBytes), lane};
        }
        /// q of the bytes 0 and 2 of q + 128, exactly, as bf16.
        GORGON_DEVICE static uint32_t pairOf(uint32_t u)
        {
            return fmaBf16Pair(
                andXor<0x00800080, 0x43804380>(u), 0xBF80BF80U, andOr<0x007F007F, 0x43004300>(u));
        }
        GORGON_DEVICE Tile tile(int r) const
        {
            const Words4 words = loadWords4(from + r * kWarp * 16);
            Tile tile;
            GORGON_UNROLL
            for (int step = 0; step < 2; step++) {
                GORGON_UNROLL
                for (int i = 0; i < 4; i++)
                    tile.a[step][i] = pairOf(words.w[i % 2 * 2 + step] >> (i / 2 * 8));
            }
            tile.scale[0] = lowOf<Half>(scales.w[r]);
            tile.scale[1] = highOf<Half>(scales.w[r]);
            return tile;
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
    static constexpr bool kHasScales = true;

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

    struct Tile
    {
        uint32_t a[2][4];
        float scale[2]; // of outputs g, g + 8
        float negative_minimum[2];

        GORGON_DEVICE float negativeMinimumOf(int upper) const { return negative_minimum[upper]; }
        GORGON_DEVICE void fold(
            float (&acc)[4], const float (&blk)[4], const float (&sums)[2]) const
        {
            GORGON_UNROLL
            for (int i = 0; i < 4; i++)
                acc[i] = fmaRn(
                    scale[i / 2], blk[i], fmaRn(negative_minimum[i / 2], sums[i % 2], acc[i]));
        }
    };

    struct Operands
    {
        const unsigned char* from;
        const unsigned char* wide; // d, d_min of outputs g, g + 8; 8 bytes a tile
        Words4 bytes; // per tile: s of outputs g, g + 8, m of them

        GORGON_DEVICE Operands(const unsigned char* slot, int lane)
            : Operands(slot, slot + kQ4PieceBytes, lane)
        {
        }
        /// wide_pairs: of these 64 outputs and 256 k.
        GORGON_DEVICE Operands(const unsigned char* slot, const unsigned char* wide_pairs, int lane)
            : from(slot + lane * 16)
            , wide(wide_pairs + lane / 4 * 32)
            , bytes(loadWords4(slot + kQ4PieceScales + lane / 4 * 16))
        {
        }
        GORGON_DEVICE static Operands ofPiece(const Weights& w, int64_t piece, int lane)
        {
            const int64_t stages = stagesOf(w.n_in), row = piece / (4 * stages);
            const int64_t place = row * ((stages + 1) / 2) + piece % (4 * stages) / 8;
            return {w.data + piece * int64_t(kQ4PieceBytes), w.wide + place * int64_t(kQ4WideBytes),
                lane};
        }
        /// The nibbles 0 and 4, exactly, as bf16.
        GORGON_DEVICE static uint32_t pairOf(uint32_t w)
        {
            return fmaBf16Pair(andOr<0x000F000F, 0x43004300>(w), 0x3F803F80U, 0xC300C300U);
        }
        GORGON_DEVICE Tile tile(int r) const
        {
            const Words2 words = loadWords2(from + r / 2 * kWarp * 16 + r % 2 * 8);
            const Words2 pairs = loadWords2(wide + r * 8);
            Tile tile;
            GORGON_UNROLL
            for (int i = 0; i < 8; i++)
                tile.a[i / 4][i % 4] = pairOf(words.w[i / 4] >> (4 * (i % 4)));
            GORGON_UNROLL
            for (int i = 0; i < 2; i++) {
                const uint32_t both = bytes.w[r] >> (8 * i);
                const auto halfOf = [&](uint32_t pair) { return Half{uint16_t(pair >> (16 * i))}; };
                tile.scale[i] = q4Factor(halfOf(pairs.w[0]), both & 0xFFU);
                tile.negative_minimum[i] = -q4Factor(halfOf(pairs.w[1]), (both >> 16U) & 0xFFU);
            }
            return tile;
        }
    };
};

} // namespace gorgon::cuda
