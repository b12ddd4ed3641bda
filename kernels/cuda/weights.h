// SPDX-License-Identifier: Apache-2.0
// How weights (n_out, n_in) lie in device memory.
//   f32        [n_out][n_in padded to 32]
//   f16, bf16  [n_out][n_in padded to 128]: cuBLAS and the embedding read the same memory
//   q8, q4     pieces of 64 outputs x 32 k, [outputs / 64][k / 128][4], each what one warp copies
//   in one
//              stage. Lane 4 g + t of it owns k = 8 t ... 8 t + 7 of outputs 16 r + g and 16 r + g
//              + 8.
//     q8, 2176 bytes: [r][lane][16 bytes]: per output and 4 k, bytes q + 128 of k, k + 2, k + 1, k
//     + 3;
//              [g][r][2] f16 scales of outputs g, g + 8. w = scale * q.
//     q4, 1152 bytes: [r / 2][lane][r % 2][2 words of 4 k]: nibble i of a word and nibble i + 4 are
//     a
//              pair of k of output g (i = 0, 2) or g + 8 (i = 1, 3);
//              [g][r][s of g, s of g + 8, m of g, m of g + 8] bytes.
//              Behind all pieces [outputs / 64][k / 256][g][r][d of g, of g + 8, d_min of g, of g +
//              8] f16. w = d s / 256 * q - d_min m / 256.
// The order of bytes and nibbles is the one in which registers of mma.m16n8k16 are cut out: k-slots
// 2t, 2t + 1, 2t + 8, 2t + 9 of step s stand for k = 8 t + 4 s + 0 ... 3. What is beyond n_out or
// n_in is 0. Quantized weights are those of kernels/cpu/quantize.h.
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/instructions.h"

namespace gorgon::cuda {

constexpr int64_t kPieceOutputs = 64;
constexpr int64_t kPieceK = 32;
constexpr int64_t kStageK = 128;
constexpr size_t kQ8PieceBytes = 2176;
constexpr size_t kQ8PieceScales = 2048;
constexpr size_t kQ4PieceBytes = 1152;
constexpr size_t kQ4PieceScales = 1024;
constexpr size_t kQ4WideBytes = 256; // d and d_min of 64 outputs and 256 k

struct Weights
{
    const unsigned char* data = nullptr;
    const unsigned char* wide = nullptr; // q4: d and d_min
    int64_t stride = 0; // f32, f16, bf16: elements of a row
    int64_t n_in = 0;
    int n_out = 0;
    DType dtype = DType::f32;
};

GORGON_HOST_DEVICE int64_t stagesOf(int64_t n_in)
{
    return (n_in + kStageK - 1) / kStageK;
}

/// Where in a quantized matrix a weight is found.
struct WeightPlace
{
    size_t piece; // index
    size_t wide; // q4: of d, in bytes
    int g, r, is_upper; // the output is 16 r + g + 8 is_upper of its piece
    int t, step, e; // k is 8 t + 4 step + e of its piece
};
GORGON_HOST_DEVICE WeightPlace placeOf(int64_t n_in, int64_t row, int64_t k)
{
    const int64_t stages = stagesOf(n_in), piece_row = row / kPieceOutputs;
    const int in_tile = int(row % 16), in_piece = int(k % kPieceK);
    WeightPlace place;
    place.piece = size_t((piece_row * stages + k / kStageK) * 4 + k % kStageK / kPieceK);
    place.g = in_tile % 8;
    place.r = int(row % kPieceOutputs / 16);
    place.is_upper = in_tile / 8;
    place.t = in_piece / 8;
    place.step = in_piece % 8 / 4;
    place.e = in_piece % 4;
    place.wide = size_t(piece_row * ((stages + 1) / 2) + k / 256) * kQ4WideBytes
        + size_t(place.g * 32 + place.r * 8 + place.is_upper * 2);
    return place;
}

/// In bytes, of the byte of a q8 weight; its scale.
GORGON_HOST_DEVICE size_t q8ValueAt(const WeightPlace& at)
{
    const int byte = (at.e & 1) * 2 + (at.e >> 1);
    return at.piece * kQ8PieceBytes
        + size_t((at.r * 32 + at.g * 4 + at.t) * 16 + at.is_upper * 8 + at.step * 4 + byte);
}
GORGON_HOST_DEVICE size_t q8ScaleAt(const WeightPlace& at)
{
    return at.piece * kQ8PieceBytes + kQ8PieceScales
        + size_t(at.g * 16 + at.r * 4 + at.is_upper * 2);
}
/// In bytes, of the byte that holds a q4 weight, and its shift in there; s of its block, with m 2
/// bytes on.
GORGON_HOST_DEVICE size_t q4ValueAt(const WeightPlace& at)
{
    return at.piece * kQ4PieceBytes
        + size_t((at.r / 2 * 32 + at.g * 4 + at.t) * 16 + at.r % 2 * 8 + at.step * 4
            + (at.e & 1) * 2 + (at.e >> 1));
}
GORGON_HOST_DEVICE int q4Shift(const WeightPlace& at)
{
    return at.is_upper * 4;
}
GORGON_HOST_DEVICE size_t q4ScaleAt(const WeightPlace& at)
{
    return at.piece * kQ4PieceBytes + kQ4PieceScales + size_t(at.g * 16 + at.r * 4 + at.is_upper);
}

/// d s / 256, and d_min m / 256.
GORGON_DEVICE float q4Factor(Half wide, uint32_t byte)
{
    return mulRn(mulRn(toFloat(wide), 1.0F / 256), float(byte));
}

GORGON_DEVICE Half halfAt(const unsigned char* p)
{
    return *reinterpret_cast<const Half*>(p);
}

/// One weight; row < n_out, k < n_in.
GORGON_DEVICE float weightAt(const Weights& w, int64_t row, int64_t k)
{
    if (!isQuantized(w.dtype)) {
        const size_t i = size_t(row * w.stride + k);
        if (w.dtype == DType::f32)
            return reinterpret_cast<const float*>(w.data)[i];
        return w.dtype == DType::bf16 ? toFloat(reinterpret_cast<const Bf16*>(w.data)[i])
                                      : toFloat(reinterpret_cast<const Half*>(w.data)[i]);
    }
    const WeightPlace at = placeOf(w.n_in, row, k);
    if (w.dtype == DType::q8) {
        const int q = int(w.data[q8ValueAt(at)]) - 128;
        return mulRn(toFloat(halfAt(w.data + q8ScaleAt(at))), float(q));
    }
    const uint32_t q = (uint32_t(w.data[q4ValueAt(at)]) >> q4Shift(at)) & 15U;
    const unsigned char* const scale = w.data + q4ScaleAt(at);
    const unsigned char* const wide = w.wide + at.wide;
    return subRn(
        mulRn(q4Factor(halfAt(wide), scale[0]), float(q)), q4Factor(halfAt(wide + 4), scale[2]));
}

} // namespace gorgon::cuda
