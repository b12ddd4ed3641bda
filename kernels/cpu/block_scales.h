// SPDX-License-Identifier: Apache-2.0
// Scales of quantized weights, as product_int8.h uses them. Included once per target, as simd.h is.
#if defined(GORGON_KERNELS_CPU_BLOCK_SCALES_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GORGON_KERNELS_CPU_BLOCK_SCALES_H
#undef GORGON_KERNELS_CPU_BLOCK_SCALES_H
#else
#define GORGON_KERNELS_CPU_BLOCK_SCALES_H
#endif

#include "kernels/cpu/quantize.h"
#include "kernels/cpu/simd.h"

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {

struct BlockScales
{
    V16 scale;
    V16 minimum; // q4
};

HWY_INLINE int32_t intAt(const uint8_t* p)
{
    int32_t x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
}
HWY_INLINE float floatAt(const uint8_t* p)
{
    float x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
}

HWY_INLINE V16 halves16(const uint8_t* p)
{
    V16 x;
    GORGON_PARTS x.part[i] = loadHalves(p + 2 * i * kLanes);
    return x;
}
HWY_INLINE V16 bytes16(const uint8_t* p)
{
    const Ints d;
    const hn::Rebind<uint8_t, Ints> db;
    V16 x;
    GORGON_PARTS x.part[i]
        = hn::ConvertTo(Floats(), hn::PromoteTo(d, hn::LoadU(db, p + i * kLanes)));
    return x;
}

/// What the scales of block b share with the others of its unit; zeros for q8.
template <DType dtype> HWY_INLINE BlockScales unitScales(const uint8_t* panel, int64_t b)
{
    BlockScales s{set16(0.0F), set16(0.0F)};
    if constexpr (dtype == DType::q4) {
        const uint8_t* const unit = panel + size_t(b / 8) * kQ4UnitBytes;
        const V16 per_byte = set16(kQ4ScaleUnit);
        s.scale = mul16(halves16(unit), per_byte);
        s.minimum = mul16(halves16(unit + kQ4Minimum), per_byte);
    }
    return s;
}

template <DType dtype>
HWY_INLINE BlockScales blockScales(const uint8_t* panel, int64_t b, const BlockScales& of_unit)
{
    BlockScales s;
    if constexpr (dtype == DType::q8) {
        s.scale = halves16(panel + q8ScalesOffset(b));
    } else {
        // Exact: 11 bits of an f16 times 8 bits times a power of two.
        const uint8_t* const unit = panel + size_t(b / 8) * kQ4UnitBytes;
        const size_t place = size_t(b % 8) * 16;
        s.scale = mul16(of_unit.scale, bytes16(unit + kQ4BlockScales + place));
        s.minimum = mul16(of_unit.minimum, bytes16(unit + kQ4BlockMinima + place));
    }
    return s;
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
