// SPDX-License-Identifier: Apache-2.0
// Large products by cuBLAS, for prefill alone: it chooses its order of addition by shape. Two
// implementations: gemm.cu, and tests/kernels/cuda/gemm_emulated.cpp.
#pragma once

#include "kernels/cuda/runtime.h"
#include "kernels/tensor.h"

namespace gorgon::cuda {

struct GemmShape
{
    DType dtype = DType::bf16; // of x and w: f32, f16 or bf16
    int n_rows = 0;
    int n_out = 0;
    int64_t k = 0;
    int64_t x_stride = 0, w_stride = 0, y_stride = 0; // elements
};

class Gemm
{
public:
    /// Work goes to this stream, which outlives it and gets the errors. Takes a workspace of its
    /// own, so that one shape gives the same bits again. Throws std::bad_alloc.
    explicit Gemm(Stream& stream);
    ~Gemm();
    Gemm(const Gemm&) = delete;
    Gemm& operator=(const Gemm&) = delete;

    /// y[r][i] = sum over k of x[r][k] w[i][k]; add: plus what y holds. y: f32.
    void operator()(const GemmShape& shape, const void* x, const void* w, float* y, bool add);

private:
    Stream& m_stream;
    void* m_handle = nullptr;
    void* m_workspace = nullptr;
};

} // namespace gorgon::cuda
