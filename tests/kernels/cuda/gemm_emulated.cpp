// SPDX-License-Identifier: Apache-2.0
// kernels/cuda/gemm.h as plain loops, in double: the order of addition is the library's secret.
#include "kernels/cpu/convert.h"
#include "kernels/cuda/gemm.h"
#include "tests/kernels/cuda/runtime_emulated.h"

namespace gorgon::cuda {

namespace {

double valueAt(DType dtype, const void* data, int64_t i)
{
    if (dtype == DType::f32)
        return static_cast<const float*>(data)[i];
    const uint16_t bits = static_cast<const uint16_t*>(data)[i];
    return dtype == DType::f16 ? floatOfF16(bits) : floatOfBf16(bits);
}

void multiply(const GemmShape& shape, const void* x, const void* w, float* y, bool add)
{
    for (int64_t row = 0; row < shape.n_rows; row++) {
        for (int64_t out = 0; out < shape.n_out; out++) {
            float& to = y[row * shape.y_stride + out];
            double sum = add ? double(to) : 0.0;
            for (int64_t k = 0; k < shape.k; k++)
                sum += valueAt(shape.dtype, x, row * shape.x_stride + k)
                    * valueAt(shape.dtype, w, out * shape.w_stride + k);
            to = float(sum);
        }
    }
}

} // namespace

Gemm::Gemm(Stream& stream)
    : m_stream(stream)
{
}

Gemm::~Gemm() = default;

void Gemm::operator()(const GemmShape& shape, const void* x, const void* w, float* y, bool add)
{
    emulation::enqueueWork(m_stream, [=] { multiply(shape, x, w, y, add); });
}

} // namespace gorgon::cuda
