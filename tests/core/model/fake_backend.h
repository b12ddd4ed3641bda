// SPDX-License-Identifier: Apache-2.0
// A backend that keeps what loading gives it, rows as f32, and computes nothing.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <vector>

#include "kernels/backend.h"

namespace gorgon::tests {

inline float halfValue(uint16_t bits)
{
    const int exponent = bits >> 10 & 31;
    const float mantissa = float(bits & 1023);
    const float size = exponent == 31 ? INFINITY
        : exponent == 0               ? std::ldexp(mantissa, -24)
                                      : std::ldexp(mantissa + 1024, exponent - 25);
    return bits >> 15 ? -size : size;
}

class FakeBackend : public Backend
{
public:
    size_t limit_bytes = SIZE_MAX; // allocations beyond throw std::bad_alloc
    size_t used_bytes = 0;
    size_t largest_source_bytes = 0; // of one setRows

    std::string name() const override { return "cpu"; }
    std::string description() const override { return "keeps what it gets"; }

    Buffer allocate(size_t bytes) override
    {
        if (bytes > limit_bytes - used_bytes)
            throw std::bad_alloc();
        used_bytes += bytes;
        void* data = std::calloc(1, bytes + 1);
        if (!data)
            throw std::bad_alloc();
        return Buffer(data, bytes, [](void* memory, size_t) { std::free(memory); });
    }
    void upload(void* device, const void* host, size_t bytes) override
    {
        std::memcpy(device, host, bytes);
    }
    void download(void* host, const void* device, size_t bytes) override
    {
        std::memcpy(host, device, bytes);
    }
    Matrix makeMatrix(DType dtype, int64_t n_out, int64_t n_in) override
    {
        Matrix matrix;
        matrix.data = allocate(size_t(n_out) * size_t(n_in) * sizeof(float));
        matrix.dtype = dtype;
        matrix.n_out = n_out;
        matrix.n_in = n_in;
        return matrix;
    }
    void setRows(
        Matrix& matrix, int64_t first, int64_t n_rows, const void* source, DType dtype) override
    {
        if (first < 0 || n_rows < 0 || first + n_rows > matrix.n_out)
            throw std::logic_error("rows beyond the matrix");
        const size_t n = size_t(n_rows * matrix.n_in);
        largest_source_bytes = std::max(largest_source_bytes, n * dtypeBytes(dtype));
        float* out = matrix.data.as<float>() + first * matrix.n_in;
        for (size_t i = 0; i < n; ++i) {
            const char* at = static_cast<const char*>(source) + i * dtypeBytes(dtype);
            uint16_t half = 0;
            if (dtype == DType::f32)
                std::memcpy(&out[i], at, sizeof(float));
            else
                std::memcpy(&half, at, sizeof half);
            if (dtype == DType::bf16)
                out[i] = std::bit_cast<float>(uint32_t(half) << 16);
            if (dtype == DType::f16)
                out[i] = halfValue(half);
        }
    }

    KvCache makeKvCache(DType, int, int, int, int64_t) override { return {}; }
    void readKv(const KvCache&, int, int64_t, float*, float*) override { }
    void runStep(uint64_t, const std::function<void()>&) override { }
    void readRecord(const StepState*, StepRecord&) override { }
    void stamp(StepState*, StepPhase) override { }
    void embed(const Matrix&, const int32_t*, Tensor) override { }
    void rmsNorm(Tensor, const float*, float, Tensor) override { }
    void matmul(const Matrix&, const ProductInput&, const float*, Epilogue, Tensor) override { }
    void ropeAndStore(Tensor, int, const HeadNorms&, const RopeTable&, KvCache&, int,
        const TreeTables*, const StepState*) override
    {
    }
    void attention(Tensor, int, int64_t, const KvCache&, int, const TreeTables*, const StepState*,
        Tensor) override
    {
    }
    void siluMul(Tensor, Tensor) override { }
    void addSilu(Tensor, Tensor, Tensor) override { }
    void keepAccepted(Tensor, const StepState*, Tensor) override { }
    void project(const Matrix&, Tensor, const TreeTables*, StepState*, Tensor) override { }
    void restrictDraws(Tensor, const TreeTables*, StepState*) override { }
    void topK(const Matrix&, Tensor, int, int, StepState*) override { }
    void propose(const TreeTables*, int, StepState*) override { }
    void accept(const TreeTables*, StepState*) override { }
    void commit(KvCache&, StepState*) override { }
    void advance(StepState*, int) override { }
};

} // namespace gorgon::tests
