// SPDX-License-Identifier: Apache-2.0
// Weights in memory: panels of 16 outputs, [n_out / 16][n_in][16]. 16-bit formats pad n_in to an
// even number; bf16 keeps two k side by side, [n_out / 16][n_in / 2][16][2], so that one load and
// two cheap instructions give two vectors of f32. Quantized formats: kernels/cpu/quantize.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/backend.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/quantize.h"

namespace gorgon {

constexpr int64_t kPanel = 16; // outputs

// Panels that are computed side by side; matrices hold whole groups.
constexpr int64_t kPanelGroup = 4;

constexpr int64_t panelCount(int64_t n_out)
{
    constexpr int64_t kGroup = kPanel * kPanelGroup;
    return (n_out + kGroup - 1) / kGroup * kPanelGroup;
}

constexpr int64_t paddedInputs(DType dtype, int64_t n_in)
{
    const int64_t unit = isQuantized(dtype) ? unitWidth(dtype) : dtype == DType::f32 ? 1 : 2;
    return (n_in + unit - 1) / unit * unit;
}

constexpr size_t panelBytes(DType dtype, int64_t n_in)
{
    const int64_t padded = paddedInputs(dtype, n_in);
    return isQuantized(dtype) ? size_t(padded / unitWidth(dtype)) * unitBytes(dtype)
                              : size_t(padded * kPanel) * dtypeBytes(dtype);
}

/// Index of element (row, k) within its panel; not of quantized formats.
constexpr int64_t indexInPanel(DType dtype, int64_t row, int64_t k)
{
    return dtype == DType::bf16 ? (k / 2 * kPanel + row % kPanel) * 2 + k % 2
                                : k * kPanel + row % kPanel;
}

/// As Backend::makeMatrix. Throws std::bad_alloc where the size does not fit.
Matrix makePackedMatrix(DType dtype, int64_t n_out, int64_t n_in);
void packRows(ThreadPool& pool, Matrix& matrix, int64_t first, int64_t n_rows, const void* source,
    DType source_dtype);
void embedRows(const Matrix& table, const int32_t* tokens, Tensor x);

} // namespace gorgon
