// SPDX-License-Identifier: Apache-2.0
// Sixteen floats at a time on any instruction set: one register of AVX-512, two of AVX2, four of
// others. Included once per target by files that use foreach_target.h; no standard templates in
// here or in code between HWY_BEFORE_NAMESPACE and HWY_AFTER_NAMESPACE, as the linker might keep
// the copy of another target.
#if defined(GORGON_KERNELS_CPU_SIMD_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GORGON_KERNELS_CPU_SIMD_H
#undef GORGON_KERNELS_CPU_SIMD_H
#else
#define GORGON_KERNELS_CPU_SIMD_H
#endif

#include <cstdint>

#include "hwy/highway.h"
// The functions of math-inl.h: the same polynomials, with the same fused operations, on every
// target that has a fused multiply-add.
#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Ints = hn::RebindToSigned<Floats>;
using Words = hn::RebindToUnsigned<Floats>;
using OneFloat = hn::CappedTag<float, 1>;
using V = hn::Vec<Floats>;
constexpr int kLanes = int(hn::MaxLanes(Floats()));
constexpr int kParts = 16 / kLanes;
// Registers that hold vectors; decides how many sums are kept at once.
constexpr int kRegisters = kLanes == 16 || HWY_TARGET == HWY_NEON ? 32 : 16;

/// Sixteen lanes; every function below works on all of them.
struct V16
{
    V part[kParts];
};

#define GORGON_PARTS                                                                               \
    HWY_UNROLL(16)                                                                                 \
    for (int i = 0; i < kParts; i++)

/// kLanes numbers in f16. note: where no instruction converts them, Highway makes finite numbers of
/// infinities and NaN.
HWY_INLINE V loadHalves(const uint8_t* p)
{
    const Floats d;
#if HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
    const Ints di;
    const hn::Rebind<uint16_t, Floats> dh;
    const auto bits = hn::PromoteTo(di, hn::LoadU(dh, reinterpret_cast<const uint16_t*>(p)));
    const auto magnitude = hn::And(bits, hn::Set(di, 0x7FFF));
    const auto scaled = hn::BitCast(
        di, hn::Mul(hn::BitCast(d, hn::ShiftLeft<13>(magnitude)), hn::Set(d, 0x1p112F)));
    const auto special
        = hn::IfThenElseZero(hn::Gt(magnitude, hn::Set(di, 0x7BFF)), hn::Set(di, 0x7F800000));
    const auto sign = hn::ShiftLeft<16>(hn::And(bits, hn::Set(di, 0x8000)));
    return hn::BitCast(d, hn::Or(hn::Or(scaled, special), sign));
#else
    const hn::Rebind<hwy::float16_t, Floats> dh;
    return hn::PromoteTo(d, hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(p)));
#endif
}

HWY_INLINE V16 set16(float x)
{
    V16 y;
    GORGON_PARTS y.part[i] = hn::Set(Floats(), x);
    return y;
}
HWY_INLINE V16 load16(const float* p)
{
    V16 y;
    GORGON_PARTS y.part[i] = hn::LoadU(Floats(), p + i * kLanes);
    return y;
}
HWY_INLINE void store16(const V16& x, float* p)
{
    GORGON_PARTS hn::StoreU(x.part[i], Floats(), p + i * kLanes);
}
HWY_INLINE V16 add16(const V16& a, const V16& b)
{
    V16 y;
    GORGON_PARTS y.part[i] = hn::Add(a.part[i], b.part[i]);
    return y;
}
HWY_INLINE V16 mul16(const V16& a, const V16& b)
{
    V16 y;
    GORGON_PARTS y.part[i] = hn::Mul(a.part[i], b.part[i]);
    return y;
}
/// a * b + c, rounded once.
HWY_INLINE V16 fma16(const V16& a, const V16& b, const V16& c)
{
    V16 y;
    GORGON_PARTS y.part[i] = hn::MulAdd(a.part[i], b.part[i], c.part[i]);
    return y;
}
HWY_INLINE V16 max16(const V16& a, const V16& b)
{
    V16 y;
    GORGON_PARTS y.part[i] = hn::Max(a.part[i], b.part[i]);
    return y;
}
HWY_INLINE V16 exp16(const V16& x)
{
    V16 y;
    GORGON_PARTS y.part[i] = hn::Exp(Floats(), x.part[i]);
    return y;
}
/// The lanes [0, n) of x; other in the rest.
HWY_INLINE V16 firstLanes16(int n, const V16& x, const V16& other)
{
    const Ints di;
    V16 y;
    GORGON_PARTS
    {
        const auto keep = hn::Lt(hn::Iota(di, i * kLanes), hn::Set(di, n));
        y.part[i] = hn::IfThenElse(hn::RebindMask(Floats(), keep), x.part[i], other.part[i]);
    }
    return y;
}
HWY_INLINE float maxOf16(const V16& x)
{
    const Floats d;
    V m = x.part[0];
    for (int i = 1; i < kParts; i++)
        m = hn::Max(m, x.part[i]);
    return hn::GetLane(hn::MaxOfLanes(d, m));
}
/// Sum over lanes in one order on every target: halves folded onto each other.
HWY_INLINE float sumOf16(const V16& x)
{
    HWY_ALIGN float s[16];
    store16(x, s);
    for (int n = 8; n > 0; n /= 2)
        for (int i = 0; i < n; i++)
            s[i] += s[i + n];
    return s[0];
}
HWY_INLINE float exp1(float x)
{
    return hn::GetLane(hn::Exp(OneFloat(), hn::Set(OneFloat(), x)));
}
HWY_INLINE float log1(float x)
{
    return hn::GetLane(hn::Log(OneFloat(), hn::Set(OneFloat(), x)));
}

/// body(tag, i) for all i < n: whole vectors, then single lanes, which compute the same.
template <class Body> HWY_INLINE void forLanes(int64_t n, const Body& body)
{
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
        body(Floats(), i);
    for (; i < n; i++)
        body(OneFloat(), i);
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
