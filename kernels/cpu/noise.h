// SPDX-License-Identifier: Apache-2.0
// Gumbel noise as a function of (seed, position, token) alone: Philox4x32-10 (Salmon et al. 2011)
// with key = seed and counter = (token / 4, position, 0, 0); the four words are those of four
// tokens. A word r stands for u = (r + 1/2) / 2^32, and the noise is -ln(-ln u). Included once per
// target, see simd.h.
#if defined(GORGON_KERNELS_CPU_NOISE_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GORGON_KERNELS_CPU_NOISE_H
#undef GORGON_KERNELS_CPU_NOISE_H
#else
#define GORGON_KERNELS_CPU_NOISE_H
#endif

#include "kernels/cpu/simd.h"

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {

using WordVector = hn::Vec<Words>;

/// High and low half of x * m.
HWY_INLINE void multiplyWide(WordVector x, uint32_t m, WordVector& high, WordVector& low)
{
    const Words d;
#if HWY_TARGET == HWY_SCALAR
    const uint64_t product = uint64_t(hn::GetLane(x)) * m;
    high = hn::Set(d, uint32_t(product >> 32));
    low = hn::Set(d, uint32_t(product));
#else
    const hn::RepartitionToWide<Words> dw;
    const auto factor = hn::Set(d, m);
    const auto even = hn::MulEven(x, factor);
    const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(dw, x))), factor);
    high = hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)));
    low = hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(odd)), hn::BitCast(d, even));
#endif
}

/// -ln(-ln u). Near u = 1 the distance w from 1 is what is known exactly, so ln u = ln(1 - w) is
/// taken from w by the usual correction of the rounded 1 - w.
HWY_INLINE V gumbelOf(WordVector r)
{
    const Floats d;
    const Words dw;
    const Ints di;
    const auto signs = hn::BitCast(di, r);
    const auto near_one = hn::RebindMask(d, hn::Lt(signs, hn::Zero(di)));
    const auto folded = hn::IfThenElse(hn::RebindMask(dw, near_one), hn::Not(r), r); // below 2^31
    const V w = hn::MulAdd(
        hn::ConvertTo(d, hn::BitCast(di, folded)), hn::Set(d, 0x1p-32F), hn::Set(d, 0x1p-33F));
    const V one = hn::Set(d, 1.0F);
    const V y = hn::IfThenElse(near_one, hn::Sub(one, w), w);
    const V log_y = hn::Log(d, y);
    const V distance = hn::Sub(one, y);
    const V vanished = hn::Zero(d);
    const auto is_one = hn::Eq(distance, vanished);
    const V ratio = hn::Div(w, hn::IfThenElse(is_one, one, distance));
    const V corrected = hn::IfThenElse(is_one, hn::Neg(w), hn::Mul(log_y, ratio));
    const V log_u = hn::IfThenElse(near_one, corrected, log_y);
    return hn::Neg(hn::Log(d, hn::Neg(log_u)));
}

constexpr int kNoiseBlock = 4 * kLanes; // tokens that one call of noiseBlock fills

/// Noise of the tokens [first, first + kNoiseBlock); first is a multiple of 4.
HWY_INLINE void noiseBlock(uint64_t seed, uint32_t position, uint32_t first, float* out)
{
    const Words d;
    WordVector c0 = hn::Add(hn::Set(d, first / 4), hn::Iota(d, 0));
    WordVector c1 = hn::Set(d, position);
    WordVector c2 = hn::Zero(d), c3 = hn::Zero(d);
    uint32_t key0 = uint32_t(seed), key1 = uint32_t(seed >> 32);
    for (int round = 0; round < 10; round++) {
        WordVector high0, low0, high1, low1;
        multiplyWide(c0, 0xD2511F53U, high0, low0);
        multiplyWide(c2, 0xCD9E8D57U, high1, low1);
        c0 = hn::Xor(hn::Xor(high1, c1), hn::Set(d, key0));
        c1 = low1;
        c2 = hn::Xor(hn::Xor(high0, c3), hn::Set(d, key1));
        c3 = low0;
        key0 += 0x9E3779B9U;
        key1 += 0xBB67AE85U;
    }
    hn::StoreInterleaved4(gumbelOf(c0), gumbelOf(c1), gumbelOf(c2), gumbelOf(c3), Floats(), out);
}

/// Noise of the tokens [first, first + n); first is a multiple of 4, n of 64.
HWY_INLINE void fillNoise(uint64_t seed, uint32_t position, uint32_t first, int n, float* out)
{
    for (int i = 0; i < n; i += kNoiseBlock)
        noiseBlock(seed, position, first + uint32_t(i), out + i);
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
