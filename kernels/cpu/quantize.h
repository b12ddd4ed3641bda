// SPDX-License-Identifier: Apache-2.0
// Quantized weights in panels of 16 outputs, padded with zeros to whole units of k.
// q8, unit of 64 k, 1088 bytes: [16][16 outputs][4 k] bytes q + 128; [2 blocks][16] f16 scales.
// w = scale * q.
// q4, unit of 256 k, 2368 bytes: [16] f16 d; [16] f16 d_min; [8 blocks][16] bytes s; [8][16] bytes
// m; [8 blocks][4][16][4] bytes, of which the low nibbles hold k = 8 j ... and the high ones
// k = 8 j + 4 .... w = d s / 256 * q - d_min m / 256.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/tensor.h"

namespace gorgon {

constexpr size_t kQ8UnitBytes = 1088; // whole lines, as tiles that cross them load six times slower
constexpr size_t kQ8Scales = 1024;
constexpr size_t kQ4Minimum = 32;
constexpr size_t kQ4BlockScales = 64;
constexpr size_t kQ4BlockMinima = 192;
constexpr size_t kQ4Values = 320;
constexpr size_t kQ4UnitBytes = 2368;
constexpr float kQ4ScaleUnit = 1.0F / 256;
constexpr int kMostUnitBytes = 2368;
constexpr int kMostUnitWidth = 256;

constexpr int64_t unitWidth(DType dtype)
{
    return dtype == DType::q8 ? 64 : 256;
}
constexpr size_t unitBytes(DType dtype)
{
    return dtype == DType::q8 ? kQ8UnitBytes : kQ4UnitBytes;
}

/// Bytes that 32 k of a panel take on average.
constexpr size_t bytesOf32(DType dtype)
{
    return unitBytes(dtype) * 32 / size_t(unitWidth(dtype));
}

/// Where in a panel the values of block b of 32 k begin.
constexpr size_t valuesOffset(DType dtype, int64_t b)
{
    return dtype == DType::q8 ? size_t(b / 2) * kQ8UnitBytes + size_t(b % 2) * 512
                              : size_t(b / 8) * kQ4UnitBytes + kQ4Values + size_t(b % 8) * 256;
}
/// Where the scales of block b of q8 begin.
constexpr size_t q8ScalesOffset(int64_t b)
{
    return size_t(b / 2) * kQ8UnitBytes + kQ8Scales + size_t(b % 2) * 32;
}

/// x: [unitWidth(dtype)][16 outputs]; unit: as above, aligned to 64 bytes. Every output on its
/// own, without fused operations: the same bytes on every instruction set. Values that are not
/// finite make the scale NaN, so that they are seen.
/// q4: per block of 32 the scale and minimum of least squared error, weighted by |x| + rms(x),
/// among candidates that stretch the 16 levels by up to a level beyond the range of the values.
void quantizeUnit(DType dtype, const float* x, uint8_t* unit);

/// Copies outputs [first, end) of a unit.
void copyOutputs(DType dtype, const uint8_t* unit, int first, int end, uint8_t* to);

/// Weights [0, n) of output `lane` of a panel.
void dequantizeRow(DType dtype, const uint8_t* panel, int lane, int64_t n, float* out);

} // namespace gorgon
