// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/pack.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

#include "kernels/cpu/convert.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/quantize.h"

namespace gorgon {

namespace {

constexpr int64_t kBlock = 64; // k converted at once

/// Elements [k, k + n) of a row of `dtype` as f32; the row need not be aligned.
void readFloats(const void* row, DType dtype, int64_t k, int64_t n, float* out)
{
    const char* const from = static_cast<const char*>(row) + size_t(k) * dtypeBytes(dtype);
    if (dtype == DType::f32) {
        std::memcpy(out, from, size_t(n) * sizeof(float));
        return;
    }
    uint16_t bits[kBlock];
    std::memcpy(bits, from, size_t(n) * sizeof(uint16_t));
    if (dtype == DType::bf16) {
        for (int64_t i = 0; i < n; i++)
            out[i] = floatOfBf16(bits[i]);
    } else {
        for (int64_t i = 0; i < n; i++)
            out[i] = floatOfF16(bits[i]);
    }
}

/// Elements [k, k + n) of a row as 16-bit values of `to`.
void readHalves(const void* row, DType from, DType to, int64_t k, int64_t n, uint16_t* out)
{
    if (from == to) {
        std::memcpy(out, static_cast<const char*>(row) + size_t(k) * 2, size_t(n) * 2);
        return;
    }
    float values[kBlock];
    readFloats(row, from, k, n, values);
    if (to == DType::bf16) {
        for (int64_t i = 0; i < n; i++)
            out[i] = bf16OfFloat(values[i]);
    } else {
        for (int64_t i = 0; i < n; i++)
            out[i] = f16OfFloat(values[i]);
    }
}

/// Rows [row_begin, row_end) of one panel, quantized. source: row `first` on.
void quantizePanel(DType dtype, int64_t n_in, uint8_t* panel, int64_t row_begin, int64_t row_end,
    int64_t first, const void* source, DType source_dtype)
{
    const int64_t width = unitWidth(dtype);
    const size_t unit_bytes = unitBytes(dtype);
    const int lane = int(row_begin % kPanel), n_rows = int(row_end - row_begin);
    alignas(64) float x[kMostUnitWidth * kPanel] = {};
    alignas(64) uint8_t unit[kMostUnitBytes];
    for (int64_t k = 0; k < n_in; k += width, panel += unit_bytes) {
        if (n_in - k < width)
            std::fill(std::begin(x), std::end(x), 0.0F);
        for (int r = 0; r < n_rows; r++) {
            const char* const row = static_cast<const char*>(source)
                + size_t(row_begin + r - first) * size_t(n_in) * dtypeBytes(source_dtype);
            for (int64_t i = 0; i < width && k + i < n_in; i += kBlock) {
                float values[kBlock];
                const int64_t n = std::min({kBlock, width - i, n_in - k - i});
                readFloats(row, source_dtype, k + i, n, values);
                for (int64_t j = 0; j < n; j++)
                    x[(i + j) * kPanel + lane + r] = values[j];
            }
        }
        if (n_rows == kPanel) {
            quantizeUnit(dtype, x, panel);
        } else {
            quantizeUnit(dtype, x, unit);
            copyOutputs(dtype, unit, lane, lane + n_rows, panel);
        }
    }
}

} // namespace

Matrix makePackedMatrix(DType dtype, int64_t n_out, int64_t n_in)
{
    // note: the bounds keep every index below in range, whatever a file said.
    if (n_out < 1 || n_in < 1 || n_out > int64_t(1) << 40 || n_in > int64_t(1) << 40)
        throw std::bad_alloc();
    Matrix matrix;
    matrix.used = productOf(size_t(panelCount(n_out)), panelBytes(dtype, n_in));
    matrix.data = allocateHost(matrix.used);
    matrix.dtype = dtype;
    matrix.n_out = n_out;
    matrix.n_in = n_in;
    return matrix;
}

void packRows(ThreadPool& pool, Matrix& matrix, int64_t first, int64_t n_rows, const void* source,
    DType source_dtype)
{
    assert(first >= 0 && n_rows >= 0 && first + n_rows <= matrix.n_out);
    assert(!isQuantized(source_dtype));
    const DType dtype = matrix.dtype;
    const int64_t n_in = matrix.n_in;
    const size_t row_bytes = size_t(n_in) * dtypeBytes(source_dtype);
    const int64_t first_panel = first / kPanel;
    const int64_t end_panel = (first + n_rows + kPanel - 1) / kPanel;
    pool.forEach(end_panel - first_panel, [&](int64_t item, int) {
        const int64_t panel = first_panel + item;
        char* const to = matrix.data.as<char>() + size_t(panel) * panelBytes(dtype, n_in);
        const int64_t row_begin = std::max(first, panel * kPanel);
        const int64_t row_end = std::min(first + n_rows, (panel + 1) * kPanel);
        if (isQuantized(dtype)) {
            quantizePanel(dtype, n_in, reinterpret_cast<uint8_t*>(to), row_begin, row_end, first,
                source, source_dtype);
            return;
        }
        // note: a block of k for all rows of the panel at a time, so that its lines are written
        // once.
        for (int64_t k = 0; k < n_in; k += kBlock) {
            const int64_t n = std::min(kBlock, n_in - k);
            for (int64_t row = row_begin; row < row_end; row++) {
                const char* const from
                    = static_cast<const char*>(source) + size_t(row - first) * row_bytes;
                if (dtype == DType::f32) {
                    float values[kBlock];
                    readFloats(from, source_dtype, k, n, values);
                    float* const out = reinterpret_cast<float*>(to);
                    for (int64_t i = 0; i < n; i++)
                        out[indexInPanel(DType::f32, row, k + i)] = values[i];
                } else {
                    uint16_t values[kBlock];
                    readHalves(from, source_dtype, dtype, k, n, values);
                    uint16_t* const out = reinterpret_cast<uint16_t*>(to);
                    if (dtype == DType::bf16) {
                        for (int64_t i = 0; i < n; i++)
                            out[indexInPanel(DType::bf16, row, k + i)] = values[i];
                    } else {
                        for (int64_t i = 0; i < n; i++)
                            out[indexInPanel(DType::f16, row, k + i)] = values[i];
                    }
                }
            }
        }
    });
}

void embedRows(const Matrix& table, const int32_t* tokens, Tensor x)
{
    const size_t panel_bytes = panelBytes(table.dtype, table.n_in);
    for (int64_t r = 0; r < x.rows; r++) {
        float* const out = x.data + r * x.cols;
        const int64_t token = tokens[r];
        if (token < 0 || token >= table.n_out) {
            std::fill(out, out + x.cols, 0.0F);
            continue;
        }
        const char* const panel = table.data.as<char>() + size_t(token / kPanel) * panel_bytes;
        if (isQuantized(table.dtype)) {
            dequantizeRow(table.dtype, reinterpret_cast<const uint8_t*>(panel), int(token % kPanel),
                x.cols, out);
            continue;
        }
        const float* const floats = reinterpret_cast<const float*>(panel);
        const uint16_t* const halves = reinterpret_cast<const uint16_t*>(panel);
        for (int64_t k = 0; k < x.cols; k++) {
            const int64_t i = indexInPanel(table.dtype, token, k);
            out[k] = table.dtype == DType::f32 ? floats[i]
                : table.dtype == DType::bf16   ? floatOfBf16(halves[i])
                                               : floatOfF16(halves[i]);
        }
    }
}

} // namespace gorgon
