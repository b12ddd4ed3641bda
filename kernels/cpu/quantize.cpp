// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/quantize.h"

#include "kernels/cpu/convert.h"
#include "kernels/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/quantize.cpp"
#include "hwy/foreach_target.h"

#include "kernels/cpu/simd.h"

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {

using VI = hn::Vec<Ints>;

HWY_INLINE V16 sub16(const V16& a, const V16& b)
{
    V16 y;
    GORGON_PARTS y.part[i] = hn::Sub(a.part[i], b.part[i]);
    return y;
}
HWY_INLINE V16 min16(const V16& a, const V16& b)
{
    V16 y;
    GORGON_PARTS y.part[i] = hn::Min(a.part[i], b.part[i]);
    return y;
}
HWY_INLINE V16 div16(const V16& a, const V16& b)
{
    V16 y;
    GORGON_PARTS y.part[i] = hn::Div(a.part[i], b.part[i]);
    return y;
}
HWY_INLINE V16 abs16(const V16& a)
{
    V16 y;
    GORGON_PARTS y.part[i] = hn::Abs(a.part[i]);
    return y;
}
HWY_INLINE V16 sqrt16(const V16& a)
{
    V16 y;
    GORGON_PARTS y.part[i] = hn::Sqrt(a.part[i]);
    return y;
}
/// a where test > 0, else b; b where test is NaN.
HWY_INLINE V16 wherePositive(const V16& test, const V16& a, const V16& b)
{
    const Floats d;
    V16 y;
    GORGON_PARTS y.part[i]
        = hn::IfThenElse(hn::Gt(test.part[i], hn::Zero(d)), a.part[i], b.part[i]);
    return y;
}

// Adding 1.5 * 2^23 leaves the integer, rounded to nearest even, in the last bits.
constexpr float kRounder = 12582912.0F;
constexpr int32_t kRounderBits = 0x4B400000;

/// x rounded to nearest even, for |x| < 2^22.
HWY_INLINE V16 round16(const V16& x)
{
    return sub16(add16(x, set16(kRounder)), set16(kRounder));
}

/// Adds the integers next to x, plus offset, to words, `shift` bits up. keep: -1 or 0 per lane.
HWY_INLINE void addBytes(
    const V16& x, int32_t offset, int shift, const int32_t* keep, VI (&words)[kParts])
{
    const Ints di;
    const V16 sum = add16(x, set16(kRounder));
    GORGON_PARTS
    {
        const VI value = hn::Sub(hn::BitCast(di, sum.part[i]), hn::Set(di, kRounderBits - offset));
        const VI kept = hn::And(value, hn::LoadU(di, keep + i * kLanes));
        words[i] = hn::Add(words[i], hn::ShiftLeftSame(kept, shift));
    }
}

/// keep[i] = -1 where all n rows of x are finite in lane i, else 0.
HWY_INLINE void findFinite(const float* x, int n, int32_t* keep)
{
    V16 zeros = set16(0.0F);
    for (int k = 0; k < n; k++)
        zeros = add16(zeros, mul16(load16(x + 16 * k), set16(0.0F)));
    HWY_ALIGN float sums[16];
    store16(zeros, sums);
    for (int i = 0; i < 16; i++)
        keep[i] = sums[i] == 0.0F ? -1 : 0;
}

/// The least f16 that is not below x >= 0; at most the largest finite one.
HWY_INLINE uint16_t f16NotBelow(float x)
{
    const uint16_t bits = f16OfFloat(x);
    if (bits >= 0x7C00)
        return 0x7BFF;
    return floatOfF16(bits) < x && bits < 0x7BFF ? uint16_t(bits + 1) : bits;
}

constexpr uint16_t kF16NaN = 0x7E00;

HWY_INLINE void storeHalf(uint16_t bits, uint8_t* to)
{
    __builtin_memcpy(to, &bits, sizeof bits);
}

/// One block of 32 k.
void quantizeQ8(const float* x, uint8_t* values, uint8_t* scales)
{
    const Ints di;
    HWY_ALIGN int32_t keep[16];
    HWY_ALIGN float most[16], inverse[16];
    findFinite(x, 32, keep);
    V16 top = set16(0.0F);
    for (int k = 0; k < 32; k++)
        top = max16(top, abs16(load16(x + 16 * k)));
    store16(top, most);
    for (int i = 0; i < 16; i++) {
        const uint16_t scale = keep[i] ? f16NotBelow(most[i] / 127.0F) : kF16NaN;
        inverse[i] = keep[i] && scale != 0 ? 1.0F / floatOfF16(scale) : 0.0F;
        storeHalf(scale, scales + 2 * i);
    }
    const V16 factor = load16(inverse);
    for (int j = 0; j < 8; j++) {
        VI words[kParts];
        GORGON_PARTS words[i] = hn::Zero(di);
        for (int i = 0; i < 4; i++) {
            const V16 value = mul16(load16(x + 16 * (4 * j + i)), factor);
            addBytes(min16(max16(value, set16(-127.0F)), set16(127.0F)), 128, 8 * i, keep, words);
        }
        GORGON_PARTS hn::StoreU(
            words[i], di, reinterpret_cast<int32_t*>(values + 64 * j) + i * kLanes);
    }
}

/// Scale and minus the minimum (not below 0) of a block of 32.
HWY_INLINE void fitBlock(const float* x, V16& best_scale, V16& best_minimum)
{
    constexpr int kSteps = 20; // 14 ... 16 levels over the range
    const V16 zero = set16(0.0F);
    V16 low = zero, high = zero, squares = zero;
    for (int k = 0; k < 32; k++) {
        const V16 v = load16(x + 16 * k);
        low = min16(low, v);
        high = max16(high, v);
        squares = add16(squares, mul16(v, v));
    }
    const V16 rms = sqrt16(mul16(squares, set16(1.0F / 32)));
    V16 sum_w = zero, sum_x = zero, sum_xx = zero;
    for (int k = 0; k < 32; k++) {
        const V16 v = load16(x + 16 * k), w = add16(abs16(v), rms), wx = mul16(w, v);
        sum_w = add16(sum_w, w);
        sum_x = add16(sum_x, wx);
        sum_xx = add16(sum_xx, mul16(wx, v));
    }
    const V16 range = sub16(high, low);
    best_scale = mul16(range, set16(1.0F / 15));
    best_minimum = sub16(zero, low);
    V16 best_error = set16(3.0e38F);
    for (int step = 0; step <= kSteps; step++) {
        const V16 levels = set16(14.0F + float(step) * (2.0F / kSteps));
        const V16 factor = wherePositive(range, div16(levels, range), zero);
        V16 sum_l = zero, sum_ll = zero, sum_lx = zero;
        for (int k = 0; k < 32; k++) {
            const V16 v = load16(x + 16 * k), w = add16(abs16(v), rms);
            const V16 l = round16(min16(mul16(sub16(v, low), factor), set16(15.0F)));
            const V16 wl = mul16(w, l);
            sum_l = add16(sum_l, wl);
            sum_ll = add16(sum_ll, mul16(wl, l));
            sum_lx = add16(sum_lx, mul16(wl, v));
        }
        // The line scale * l + offset through the values; one through 0 where offset would be
        // positive.
        const V16 det = sub16(mul16(sum_w, sum_ll), mul16(sum_l, sum_l));
        const V16 free_scale = div16(sub16(mul16(sum_w, sum_lx), mul16(sum_x, sum_l)), det);
        const V16 free_offset = div16(sub16(mul16(sum_ll, sum_x), mul16(sum_l, sum_lx)), det);
        const V16 scale = wherePositive(free_offset, div16(sum_lx, sum_ll), free_scale);
        const V16 offset = min16(free_offset, zero);
        // sum w (scale l + offset - x)^2, multiplied out.
        V16 error = add16(sum_xx, mul16(mul16(scale, scale), sum_ll));
        error = add16(error, mul16(mul16(offset, offset), sum_w));
        error = add16(error, mul16(set16(2.0F), mul16(mul16(scale, offset), sum_l)));
        error = sub16(error, mul16(set16(2.0F), mul16(scale, sum_lx)));
        error = sub16(error, mul16(set16(2.0F), mul16(offset, sum_x)));
        const V16 gain = wherePositive(det, sub16(best_error, error), zero);
        best_error = wherePositive(gain, error, best_error);
        best_scale = wherePositive(gain, max16(scale, zero), best_scale);
        best_minimum = wherePositive(gain, sub16(zero, offset), best_minimum);
    }
}

void quantizeQ4(const float* x, uint8_t* unit)
{
    const Ints di;
    const V16 zero = set16(0.0F);
    HWY_ALIGN int32_t keep[16];
    findFinite(x, 256, keep);
    // [0]: scales, [1]: minima.
    HWY_ALIGN float fitted[2][8][16], per_byte[2][16], used[2][8][16];
    for (int b = 0; b < 8; b++) {
        V16 scale = zero, minimum = zero;
        fitBlock(x + 16 * 32 * b, scale, minimum);
        store16(scale, fitted[0][b]);
        store16(minimum, fitted[1][b]);
    }
    for (int kind = 0; kind < 2; kind++) {
        for (int i = 0; i < 16; i++) {
            float most = 0;
            for (int b = 0; b < 8; b++)
                most = fitted[kind][b][i] > most ? fitted[kind][b][i] : most;
            const uint16_t half = keep[i] ? f16NotBelow(most * (256.0F / 255)) : kF16NaN;
            storeHalf(half, unit + (kind == 0 ? 0 : kQ4Minimum) + 2 * i);
            per_byte[kind][i] = keep[i] ? floatOfF16(half) * kQ4ScaleUnit : 0.0F;
        }
        uint8_t* const bytes = unit + (kind == 0 ? kQ4BlockScales : kQ4BlockMinima);
        for (int b = 0; b < 8; b++) {
            for (int i = 0; i < 16; i++) {
                const float unit_of_byte = per_byte[kind][i];
                const float share = unit_of_byte > 0 ? fitted[kind][b][i] / unit_of_byte : 0.0F;
                const int byte = share < 255 ? int(share + 0.5F) : 255;
                bytes[16 * b + i] = uint8_t(byte);
                used[kind][b][i] = float(byte) * unit_of_byte;
            }
        }
    }
    for (int b = 0; b < 8; b++) {
        const V16 scale = load16(used[0][b]), minimum = load16(used[1][b]);
        const V16 factor = wherePositive(scale, div16(set16(1.0F), scale), zero);
        for (int j = 0; j < 4; j++) {
            VI words[kParts];
            GORGON_PARTS words[i] = hn::Zero(di);
            for (int i = 0; i < 8; i++) {
                const float* const from = x + 16 * (32 * b + 8 * j + i);
                const V16 level = mul16(add16(load16(from), minimum), factor);
                addBytes(
                    min16(max16(level, zero), set16(15.0F)), 0, i % 4 * 8 + i / 4 * 4, keep, words);
            }
            GORGON_PARTS hn::StoreU(words[i], di,
                reinterpret_cast<int32_t*>(unit + kQ4Values + 256 * b + 64 * j) + i * kLanes);
        }
    }
}

void quantize(DType dtype, const float* x, uint8_t* unit)
{
    if (dtype == DType::q4) {
        quantizeQ4(x, unit);
        return;
    }
    for (int b = 0; b < 2; b++)
        quantizeQ8(x + 16 * 32 * b, unit + 512 * b, unit + kQ8Scales + 32 * b);
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <cassert>
#include <cstring>

namespace gorgon {

HWY_EXPORT(quantize);

namespace {

float halfAt(const uint8_t* p)
{
    uint16_t bits = 0;
    std::memcpy(&bits, p, sizeof bits);
    return floatOfF16(bits);
}

} // namespace

void quantizeUnit(DType dtype, const float* x, uint8_t* unit)
{
    assert(isQuantized(dtype));
    HWY_DYNAMIC_DISPATCH(quantize)(dtype, x, unit);
}

void copyOutputs(DType dtype, const uint8_t* unit, int first, int end, uint8_t* to)
{
    // Every part of a unit is rows of 16 outputs of a few bytes each.
    const auto copy = [&](size_t offset, int n_rows, size_t width) {
        for (int row = 0; row < n_rows; row++, offset += 16 * width)
            std::memcpy(to + offset + size_t(first) * width, unit + offset + size_t(first) * width,
                size_t(end - first) * width);
    };
    if (dtype == DType::q8) {
        copy(0, 16, 4);
        copy(kQ8Scales, 2, 2);
    } else {
        copy(0, 2, 2);
        copy(kQ4BlockScales, 16, 1);
        copy(kQ4Values, 32, 4);
    }
}

void dequantizeRow(DType dtype, const uint8_t* panel, int lane, int64_t n, float* out)
{
    for (int64_t k = 0; k < n; k++) {
        const int64_t b = k / 32;
        const int place = int(k % 32);
        const uint8_t* const values = panel + valuesOffset(dtype, b);
        if (dtype == DType::q8) {
            const int q = values[64 * (place / 4) + 4 * lane + place % 4] - 128;
            out[k] = halfAt(panel + q8ScalesOffset(b) + 2 * lane) * float(q);
            continue;
        }
        const uint8_t* const unit = panel + size_t(b / 8) * kQ4UnitBytes;
        const size_t of_block = size_t(b % 8 * 16 + lane);
        const float scale
            = halfAt(unit + 2 * lane) * kQ4ScaleUnit * float(unit[kQ4BlockScales + of_block]);
        const float minimum = halfAt(unit + kQ4Minimum + 2 * lane) * kQ4ScaleUnit
            * float(unit[kQ4BlockMinima + of_block]);
        const int byte = values[64 * (place / 8) + 4 * lane + place % 4];
        const int q = place / 4 % 2 == 0 ? byte & 15 : byte >> 4;
        out[k] = scale * float(q) - minimum;
    }
}

} // namespace gorgon
#endif
