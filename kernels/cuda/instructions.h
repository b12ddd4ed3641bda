// SPDX-License-Identifier: Apache-2.0
// Instructions that C++ has no word for, as small functions: 16-bit floats, tensor cores, copies
// that run beside the arithmetic. Under GORGON_CUDA_EMULATED each has a body of plain C++.
#pragma once

#include "kernels/cuda/device.h"

namespace gorgon::cuda {

struct Half // IEEE binary16
{
    uint16_t bits;
};
struct Bf16 // the upper half of an f32
{
    uint16_t bits;
};

/// Words that are read and written at once; 16 bytes aligned.
struct alignas(16) Words4
{
    uint32_t w[4];
};
struct alignas(8) Words2
{
    uint32_t w[2];
};

/// What the second-level cache does with lines that were read.
enum class CacheUse : uint8_t
{
    normal,
    evict_first, // read once: weights that do not fit the cache
};

} // namespace gorgon::cuda

#ifdef GORGON_CUDA_EMULATED
#include "tests/kernels/cuda/instructions_emulated.h"
#else
#include "kernels/cuda/instructions_ptx.h"
#endif

namespace gorgon::cuda {

/// Finite numbers beyond +-65504 become that; NaN and infinities stay.
GORGON_DEVICE float clampToHalf(float x)
{
    const bool is_finite = x - x == 0.0F;
    return !is_finite ? x : x > 65504.0F ? 65504.0F : x < -65504.0F ? -65504.0F : x;
}

/// Two 16-bit values, lo in the lower half, each rounded to nearest even.
template <typename T> GORGON_DEVICE uint32_t pack2(float lo, float hi)
{
    return uint32_t(fromFloat<T>(lo).bits) | uint32_t(fromFloat<T>(hi).bits) << 16U;
}
template <typename T> GORGON_DEVICE float lowOf(uint32_t pair)
{
    return toFloat(T{uint16_t(pair & 0xFFFFU)});
}
template <typename T> GORGON_DEVICE float highOf(uint32_t pair)
{
    return toFloat(T{uint16_t(pair >> 16U)});
}

} // namespace gorgon::cuda
