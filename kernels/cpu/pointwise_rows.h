// SPDX-License-Identifier: Apache-2.0
// What rows become between products, any part of a row at a time: the bits of a value do not depend
// on the part. Included once per target, as simd.h is.
#if defined(GORGON_KERNELS_CPU_POINTWISE_ROWS_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GORGON_KERNELS_CPU_POINTWISE_ROWS_H
#undef GORGON_KERNELS_CPU_POINTWISE_ROWS_H
#else
#define GORGON_KERNELS_CPU_POINTWISE_ROWS_H
#endif

#include <cmath>
#include <cstring>

#include "kernels/cpu/simd.h"

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {

/// 1 / sqrt(mean(x^2) + eps) of a whole row.
HWY_INLINE float rmsScale(const float* x, float eps, int64_t n)
{
    // Sixteen sums, each over every sixteenth element in ascending order.
    V16 squares = set16(0.0F);
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const V16 v = load16(x + i);
        squares = fma16(v, v, squares);
    }
    if (i < n) {
        HWY_ALIGN float last[16] = {};
        memcpy(last, x + i, size_t(n - i) * sizeof(float));
        const V16 v = load16(last);
        squares = fma16(v, v, squares);
    }
    return 1.0F / sqrtf(sumOf16(squares) / float(n) + eps);
}

/// y = x * scale * weight.
HWY_INLINE void normColumns(const float* x, const float* weight, float scale, int64_t n, float* y)
{
    forLanes(n, [=](auto d, int64_t k) HWY_ATTR {
        const auto scaled = hn::Mul(hn::LoadU(d, x + k), hn::Set(d, scale));
        hn::StoreU(hn::Mul(scaled, hn::LoadU(d, weight + k)), d, y + k);
    });
}

/// g / (1 + e^-g); the bound keeps e^-g finite where the quotient is 0 to f32 anyway.
template <class D> HWY_INLINE hn::Vec<D> silu(D d, hn::Vec<D> g)
{
    const auto e = hn::Exp(d, hn::Min(hn::Neg(g), hn::Set(d, 88.0F)));
    return hn::Div(g, hn::Add(hn::Set(d, 1.0F), e));
}

/// h = silu(gate) * up.
HWY_INLINE void gateColumns(const float* gate, const float* up, int64_t n, float* h)
{
    forLanes(n, [=](auto d, int64_t k) HWY_ATTR {
        hn::StoreU(hn::Mul(silu(d, hn::LoadU(d, gate + k)), hn::LoadU(d, up + k)), d, h + k);
    });
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
