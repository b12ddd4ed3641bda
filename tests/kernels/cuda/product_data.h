// SPDX-License-Identifier: Apache-2.0
// A matrix on the device and rows as a product wants them, written from their description.
#pragma once

#include "kernels/cuda/pack.h"
#include "kernels/cuda/product_input.h"
#include "tests/kernels/cuda/device_array.h"
#include "tests/kernels/test_data.h"

namespace gorgon::cuda::tests {

constexpr DType kAllFormats[] = {DType::f32, DType::f16, DType::bf16, DType::q8, DType::q4};

class DeviceMatrix
{
public:
    DeviceMatrix(DType dtype, int64_t n_out, int64_t n_in)
    {
        const size_t bytes = weightBytes(dtype, n_out, n_in);
        m_matrix.data = Buffer(allocateDevice(bytes), bytes, &releaseDevice);
        m_matrix.dtype = dtype;
        m_matrix.n_out = n_out;
        m_matrix.n_in = n_in;
        Stream stream;
        fillZero(stream, m_matrix.data.as<>(), bytes);
        stream.synchronize();
    }
    DeviceMatrix(DType dtype, int64_t n_out, int64_t n_in, const std::vector<float>& source)
        : DeviceMatrix(dtype, n_out, n_in)
    {
        set(0, n_out, source.data(), DType::f32);
    }

    void set(int64_t first, int64_t n_rows, const void* source, DType source_dtype)
    {
        Stream stream;
        ThreadPool pool(1);
        setMatrixRows(stream, pool, m_matrix, first, n_rows, source, source_dtype);
    }
    Weights weights() const { return weightsOf(m_matrix); }
    /// (n_out, n_in).
    std::vector<float> dequantized() const
    {
        std::vector<float> values;
        for (int64_t row = 0; row < m_matrix.n_out; row++) {
            for (int64_t k = 0; k < m_matrix.n_in; k++)
                values.push_back(weightAt(weights(), row, k));
        }
        return values;
    }
    std::vector<char> bytes() const
    {
        const char* const data = m_matrix.data.as<const char>();
        return {data, data + m_matrix.data.bytes()};
    }

private:
    Matrix m_matrix;
};

/// Rows (n, n_in) against weights of `dtype`. What product_input.h leaves open is NaN.
class DeviceRows
{
public:
    DeviceRows(DType dtype, int64_t n_in, const std::vector<float>& x)
        : m_scratch(productRowsBytes(dtype, n_in))
        , m_rows(productRows(dtype, n_in, m_scratch.data()))
    {
        const int64_t n_rows = int64_t(x.size()) / n_in, stride = m_rows.stride;
        m_seen.resize(x.size());
        for (int64_t row = 0; row < n_rows; row++) {
            for (int64_t k = 0; k < stride; k++) {
                const size_t i = size_t(row * n_in + k);
                const float value = k < n_in ? x[i] : 0;
                const size_t to = size_t(row * stride + k);
                float seen = value;
                if (dtype == DType::f32) {
                    static_cast<float*>(m_rows.values)[to] = value;
                } else if (dtype == DType::f16) {
                    const Half half = fromFloat<Half>(clampToHalf(value));
                    static_cast<Half*>(m_rows.values)[to] = half;
                    seen = toFloat(half);
                } else {
                    const Bf16 half = fromFloat<Bf16>(value);
                    static_cast<Bf16*>(m_rows.values)[to] = half;
                    seen = toFloat(half);
                }
                if (m_rows.sums) {
                    float& sum = m_rows.sums[k / 32 * kInputRows + row];
                    sum = k % 32 == 0 ? seen : addRn(sum, seen);
                }
                if (k < n_in)
                    m_seen[i] = seen;
            }
        }
    }
    const ProductRows& rows() const { return m_rows; }
    /// As they were rounded.
    const std::vector<float>& seen() const { return m_seen; }

private:
    DeviceArray<char> m_scratch;
    ProductRows m_rows;
    std::vector<float> m_seen;
};

} // namespace gorgon::cuda::tests
