// SPDX-License-Identifier: Apache-2.0
// 16-bit floats, one at a time; round to nearest even.
#pragma once

#include <bit>
#include <cstdint>

namespace gorgon {

constexpr float floatOfBf16(uint16_t bits)
{
    return std::bit_cast<float>(uint32_t(bits) << 16);
}

constexpr uint16_t bf16OfFloat(float x)
{
    const uint32_t bits = std::bit_cast<uint32_t>(x);
    if ((bits & 0x7FFFFFFF) > 0x7F800000)
        return uint16_t(bits >> 16 | 0x40); // NaN stays one
    return uint16_t((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

constexpr float floatOfF16(uint16_t bits)
{
    const uint32_t sign = uint32_t(bits & 0x8000) << 16;
    const uint32_t magnitude = bits & 0x7FFF;
    if (magnitude >= 0x7C00)
        return std::bit_cast<float>(sign | 0x7F800000 | (magnitude & 0x3FF) << 13);
    if (magnitude < 0x400) { // subnormal: exact as an integer times 2^-24
        const float x = float(magnitude) * 0x1p-24F;
        return sign ? -x : x;
    }
    return std::bit_cast<float>(sign | ((magnitude << 13) + (uint32_t(112) << 23)));
}

constexpr uint16_t f16OfFloat(float x)
{
    const uint32_t bits = std::bit_cast<uint32_t>(x);
    const uint16_t sign = uint16_t(bits >> 16 & 0x8000);
    const uint32_t magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000)
        return uint16_t(sign | 0x7E00);
    if (magnitude >= 0x477FF000) // 65520 rounds to infinity
        return uint16_t(sign | 0x7C00);
    if (magnitude < 0x38800000) { // below 2^-14: adding 0.5 leaves multiples of 2^-24, rounded
        const float sum = std::bit_cast<float>(magnitude) + 0.5F;
        return uint16_t(sign | (std::bit_cast<uint32_t>(sum) - 0x3F000000));
    }
    const uint32_t rebiased = magnitude - (uint32_t(112) << 23);
    return uint16_t(sign | (rebiased + 0xFFF + (rebiased >> 13 & 1)) >> 13);
}

} // namespace gorgon
