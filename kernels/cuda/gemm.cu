// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/gemm.h"

#include <cublas_v2.h>

namespace gorgon::cuda {

namespace {

constexpr size_t kWorkspaceBytes = 32 << 20; // what cuBLAS advises for compute capability 9.0

void note(Stream& stream, cublasStatus_t status, const char* what)
{
    if (status != CUBLAS_STATUS_SUCCESS)
        stream.fail(std::string("cuBLAS, ") + what + ": " + cublasGetStatusString(status));
}

cudaDataType typeOf(DType dtype)
{
    return dtype == DType::f32 ? CUDA_R_32F : dtype == DType::f16 ? CUDA_R_16F : CUDA_R_16BF;
}

} // namespace

Gemm::Gemm(Stream& stream)
    : m_stream(stream)
    , m_workspace(allocateDevice(kWorkspaceBytes))
{
    cublasHandle_t handle = nullptr;
    note(stream, cublasCreate(&handle), "begin");
    m_handle = handle;
    if (!handle)
        return;
    note(stream, cublasSetStream(handle, static_cast<cudaStream_t>(stream.handle())), "stream");
    note(stream, cublasSetWorkspace(handle, m_workspace, kWorkspaceBytes), "workspace");
    note(stream, cublasSetMathMode(handle, CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION),
        "math mode");
}

Gemm::~Gemm()
{
    if (m_handle)
        cublasDestroy(static_cast<cublasHandle_t>(m_handle));
    releaseDevice(m_workspace, kWorkspaceBytes);
}

void Gemm::operator()(const GemmShape& shape, const void* x, const void* w, float* y, bool add)
{
    if (!m_handle)
        return; // the stream has the reason
    // cuBLAS counts by columns: Yt (n_out, n_rows) = W (n_out, k) Xt (k, n_rows).
    const float one = 1, beta = add ? 1 : 0;
    const cudaDataType type = typeOf(shape.dtype);
    note(m_stream,
        cublasGemmEx(static_cast<cublasHandle_t>(m_handle), CUBLAS_OP_T, CUBLAS_OP_N, shape.n_out,
            shape.n_rows, int(shape.k), &one, w, type, int(shape.w_stride), x, type,
            int(shape.x_stride), &beta, y, CUDA_R_32F, int(shape.y_stride), CUBLAS_COMPUTE_32F,
            CUBLAS_GEMM_DEFAULT),
        "multiply");
}

} // namespace gorgon::cuda
