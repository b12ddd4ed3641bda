// SPDX-License-Identifier: Apache-2.0
// A matrix on the device and rows as a product wants them, written from their description.
#pragma once

#include <algorithm>
#include <cmath>

#include "kernels/cpu/convert.h"
#include "kernels/cuda/pack.h"
#include "kernels/cuda/product_input.h"
#include "tests/kernels/cuda/device_array.h"
#include "tests/kernels/test_data.h"

namespace gorgon::cuda::tests {

/// out (n_out, n_in).
template <typename T>
GORGON_KERNEL GORGON_LAUNCH_BOUNDS(128, 1) void dequantizeKernel(Weights w, T* out)
{
    for (int64_t row = blockIndex(); row < w.n_out; row += blockCount())
        for (int64_t k = threadIndex(); k < w.n_in; k += blockThreads())
            out[row * w.n_in + k] = weightAt(w, row, k);
}

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
        DeviceArray<float> values(size_t(m_matrix.n_out * m_matrix.n_in));
        Stream stream;
        launch(stream, dequantizeKernel<float>, 16, 128, 0, weights(), values.data());
        stream.synchronize();
        return values.values();
    }
    std::vector<char> bytes() const
    {
        std::vector<char> all(m_matrix.data.bytes());
        Stream stream;
        copyToHost(stream, all.data(), m_matrix.data.as<>(), all.size());
        stream.synchronize();
        return all;
    }

private:
    Matrix m_matrix;
};

/// Rows (n, n_in) against weights of `dtype`. What product_input.h leaves open is NaN.
class DeviceRows
{
public:
    DeviceRows(DType dtype, int64_t n_in, const std::vector<float>& x)
        : m_scratch(std::vector<char>(productRowsBytes(dtype, n_in), char(0xFF)))
        , m_rows(productRows(dtype, n_in, m_scratch.data()))
        , m_seen(x.size())
    {
        std::vector<char> all(m_scratch.size(), char(0xFF));
        const ProductRows host = productRows(dtype, n_in, all.data());
        const int64_t n_rows = int64_t(x.size()) / n_in;
        for (int64_t row = 0; row < n_rows; row++) {
            for (int64_t k = 0; k < host.stride; k++) {
                const size_t to = size_t(row * host.stride + k);
                const float seen = write(dtype, k < n_in ? x[size_t(row * n_in + k)] : 0, host, to);
                if (host.sums) {
                    float& sum = host.sums[k / 32 * kInputRows + row];
                    sum = k % 32 == 0 ? seen : sum + seen;
                }
                if (k < n_in)
                    m_seen[size_t(row * n_in + k)] = seen;
            }
        }
        Stream stream;
        copyToDevice(stream, m_scratch.data(), all.data(), all.size());
        stream.synchronize();
    }
    const ProductRows& rows() const { return m_rows; }
    /// As they were rounded.
    const std::vector<float>& seen() const { return m_seen; }

private:
    /// Returns what was written.
    static float write(DType dtype, float value, const ProductRows& rows, size_t to)
    {
        if (dtype == DType::f32) {
            static_cast<float*>(rows.values)[to] = value;
            return value;
        }
        auto* const words = static_cast<uint16_t*>(rows.values);
        if (dtype == DType::f16) {
            words[to]
                = f16OfFloat(std::isfinite(value) ? std::clamp(value, -65504.0F, 65504.0F) : value);
            return floatOfF16(words[to]);
        }
        words[to] = bf16OfFloat(value);
        return floatOfBf16(words[to]);
    }

    DeviceArray<char> m_scratch;
    ProductRows m_rows;
    std::vector<float> m_seen;
};

} // namespace gorgon::cuda::tests
