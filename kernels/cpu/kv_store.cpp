// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/kv_store.h"

#include <bit>
#include <cstring>

#include "kernels/cpu/convert.h"
#include "kernels/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/kv_store.cpp"
#include "hwy/foreach_target.h"

#include "kernels/cpu/simd.h"

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {

// Integer operations throughout: Highway's own conversions to f16 round differently where the
// processor has none.

template <class DW> HWY_INLINE hn::Vec<DW> bf16Bits(DW dw, hn::Vec<DW> bits)
{
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(dw, 1U));
    const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(dw, 0x7FFFU))));
    const auto nan = hn::Or(hn::ShiftRight<16>(bits), hn::Set(dw, 0x40U));
    const auto magnitude = hn::And(bits, hn::Set(dw, 0x7FFFFFFFU));
    return hn::IfThenElse(hn::Gt(magnitude, hn::Set(dw, 0x7F800000U)), nan, rounded);
}

template <class DW> HWY_INLINE hn::Vec<DW> f16Bits(DW dw, hn::Vec<DW> bits)
{
    const hn::RebindToFloat<DW> d;
    const auto sign = hn::And(hn::ShiftRight<16>(bits), hn::Set(dw, 0x8000U));
    const auto given = hn::And(bits, hn::Set(dw, 0x7FFFFFFFU));
    const auto magnitude = hn::Min(given, hn::Set(dw, 0x477FE000U)); // 65504
    const auto rebiased = hn::Sub(magnitude, hn::Set(dw, 112U << 23));
    const auto odd = hn::And(hn::ShiftRight<13>(rebiased), hn::Set(dw, 1U));
    const auto normal = hn::ShiftRight<13>(hn::Add(rebiased, hn::Add(odd, hn::Set(dw, 0xFFFU))));
    // Below 2^-14: adding 0.5 leaves multiples of 2^-24, rounded.
    const auto sum = hn::BitCast(dw, hn::Add(hn::BitCast(d, magnitude), hn::Set(d, 0.5F)));
    const auto tiny = hn::Sub(sum, hn::Set(dw, 0x3F000000U));
    const auto finite = hn::IfThenElse(hn::Gt(hn::Set(dw, 0x38800000U), magnitude), tiny, normal);
    const auto invalid = hn::Gt(given, hn::Set(dw, 0x7F7FFFFFU));
    return hn::Or(sign, hn::IfThenElse(invalid, hn::Set(dw, 0x7E00U), finite));
}

/// n floats as n elements; q8: times `inverse`.
void convertFloats(DType dtype, const float* x, int64_t n, float inverse, uint8_t* out)
{
    forLanes(n, [=](auto d, int64_t k) HWY_ATTR {
        const hn::RebindToUnsigned<decltype(d)> dw;
        const hn::RebindToSigned<decltype(d)> di;
        const auto v = hn::LoadU(d, x + k);
        if (dtype == DType::q8) {
            // Adding 1.5 * 2^23 leaves the integer, rounded to nearest even, in the last bits.
            const auto sum = hn::Add(hn::Mul(v, hn::Set(d, inverse)), hn::Set(d, 12582912.0F));
            const auto q = hn::Sub(hn::BitCast(di, sum), hn::Set(di, 0x4B400000));
            const hn::Rebind<int8_t, decltype(d)> db;
            hn::StoreU(hn::DemoteTo(db, q), db, reinterpret_cast<int8_t*>(out) + k);
            return;
        }
        const auto bits = hn::BitCast(dw, v);
        const auto half = dtype == DType::f16 ? f16Bits(dw, bits) : bf16Bits(dw, bits);
        const hn::Rebind<uint16_t, decltype(d)> dh;
        hn::StoreU(
            hn::DemoteTo(dh, hn::BitCast(di, half)), dh, reinterpret_cast<uint16_t*>(out) + k);
    });
}

/// Bits of the largest magnitude; those of infinity and NaN lie above all.
uint32_t largestMagnitude(const float* x, int64_t n)
{
    const Floats d;
    const Ints di;
    const auto magnitude = hn::Set(di, 0x7FFFFFFF);
    auto largest = hn::Zero(di);
    int64_t k = 0;
    for (; k + kLanes <= n; k += kLanes)
        largest = hn::Max(largest, hn::And(hn::BitCast(di, hn::LoadU(d, x + k)), magnitude));
    uint32_t top = uint32_t(hn::GetLane(hn::MaxOfLanes(di, largest)));
    for (; k < n; k++) {
        uint32_t bits;
        __builtin_memcpy(&bits, x + k, sizeof bits);
        bits &= 0x7FFFFFFFU;
        top = bits > top ? bits : top;
    }
    return top;
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gorgon {

HWY_EXPORT(convertFloats);
HWY_EXPORT(largestMagnitude);

namespace {

/// What turns a head into bytes, and back.
struct ByteScale
{
    float scale = 0;
    float inverse = 0;
};

ByteScale byteScale(const float* x, int64_t n)
{
    const uint32_t top = HWY_DYNAMIC_DISPATCH(largestMagnitude)(x, n);
    const float most = std::bit_cast<float>(top);
    if (top >= 0x7F800000U)
        return {__builtin_nanf(""), 0};
    if (most < 1e-30F)
        return {};
    return {most / 127.0F, 127.0F / most};
}

/// n floats as elements kTile apart.
template <typename T>
void scatter(DType dtype, const float* x, int64_t n, float inverse, uint8_t* to)
{
    constexpr int64_t kAtOnce = 64;
    alignas(64) uint8_t block[kAtOnce * sizeof(T)];
    for (int64_t first = 0; first < n; first += kAtOnce) {
        const int64_t count = n - first < kAtOnce ? n - first : kAtOnce;
        HWY_DYNAMIC_DISPATCH(convertFloats)(dtype, x + first, count, inverse, block);
        for (int64_t i = 0; i < count; i++)
            std::memcpy(to + (first + i) * kTile * int64_t(sizeof(T)),
                block + i * int64_t(sizeof(T)), sizeof(T));
    }
}

float elementOf(DType dtype, const uint8_t* at, float scale)
{
    if (dtype == DType::q8)
        return scale * float(int8_t(*at));
    if (dtype == DType::f32) {
        float x;
        std::memcpy(&x, at, sizeof x);
        return x;
    }
    uint16_t half;
    std::memcpy(&half, at, sizeof half);
    return dtype == DType::bf16 ? floatOfBf16(half) : floatOfF16(half);
}

} // namespace

void storeKv(const KvLayout& layout, int head, int64_t slot, const float* key, const float* value)
{
    const int64_t n = layout.headDim();
    uint8_t* const keys = layout.key(head, slot);
    uint8_t* const values = layout.value(head, slot);
    ByteScale key_scale, value_scale;
    switch (layout.dtype()) {
    case DType::f32:
        for (int64_t d = 0; d < n; d++)
            std::memcpy(keys + d * kTile * int64_t(sizeof(float)), key + d, sizeof(float));
        std::memcpy(values, value, size_t(n) * sizeof(float));
        return;
    case DType::q8:
        key_scale = byteScale(key, n);
        value_scale = byteScale(value, n);
        *layout.keyScale(head, slot) = key_scale.scale;
        *layout.valueScale(head, slot) = value_scale.scale;
        // note: bytes of what is not finite are 0, as the inverse is, or anything; NaN is seen.
        scatter<uint8_t>(DType::q8, key, n, key_scale.inverse, keys);
        break;
    default:
        scatter<uint16_t>(layout.dtype(), key, n, 0, keys);
    }
    HWY_DYNAMIC_DISPATCH(convertFloats)
    (layout.dtype(), value, n, value_scale.inverse, values);
}

void loadKv(const KvLayout& layout, int head, int64_t slot, float* key, float* value)
{
    const DType dtype = layout.dtype();
    const bool scaled = dtype == DType::q8;
    const float key_scale = scaled ? *layout.keyScale(head, slot) : 1;
    const float value_scale = scaled ? *layout.valueScale(head, slot) : 1;
    const uint8_t* const keys = layout.key(head, slot);
    const uint8_t* const values = layout.value(head, slot);
    const int64_t bytes = kvElementBytes(dtype);
    for (int64_t d = 0; d < layout.headDim(); d++) {
        key[d] = elementOf(dtype, keys + d * kTile * bytes, key_scale);
        value[d] = elementOf(dtype, values + d * bytes, value_scale);
    }
}

void moveKv(const KvLayout& layout, int head, int64_t from, int64_t to)
{
    const DType dtype = layout.dtype();
    copyLane(dtype, layout.key(head, from), layout.headDim(), layout.key(head, to));
    std::memcpy(layout.value(head, to), layout.value(head, from),
        size_t(layout.headDim() * kvElementBytes(dtype)));
    if (dtype != DType::q8)
        return;
    *layout.keyScale(head, to) = *layout.keyScale(head, from);
    *layout.valueScale(head, to) = *layout.valueScale(head, from);
}

} // namespace gorgon
#endif
