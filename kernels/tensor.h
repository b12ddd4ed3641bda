// SPDX-License-Identifier: Apache-2.0
// Element types and a non-owning, row-major view of memory that a backend owns.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gorgon {

enum class DType : uint8_t
{
    f32,
    bf16,
    f16,
    q8, // symmetric: scale * q, q in [-127, 127]; an f16 scale per 32 weights of a row
    q4, // scale * q - minimum, q in [0, 15]; 8 bits each per 32 weights, two f16 per 256
};

constexpr bool isQuantized(DType dtype)
{
    return dtype == DType::q8 || dtype == DType::q4;
}

/// Bytes of one element of a format that is not quantized.
constexpr size_t dtypeBytes(DType dtype)
{
    return dtype == DType::f32 ? 4 : 2;
}

/// Weights that rows are padded to a multiple of.
constexpr int64_t blockWidth(DType dtype)
{
    return dtype == DType::q8 ? 32 : dtype == DType::q4 ? 256 : 1;
}

/// Bytes of blockWidth weights.
constexpr size_t blockBytes(DType dtype)
{
    return dtype == DType::q8 ? 32 + 2 : dtype == DType::q4 ? 128 + 16 + 4 : dtypeBytes(dtype);
}

/// Bytes of a row of n_in weights in memory: what the format needs, not what a backend adds.
constexpr uint64_t rowBytes(DType dtype, int64_t n_in)
{
    const uint64_t width = uint64_t(blockWidth(dtype));
    return (uint64_t(n_in) + width - 1) / width * blockBytes(dtype);
}

constexpr const char* dtypeName(DType dtype)
{
    switch (dtype) {
    case DType::bf16:
        return "bf16";
    case DType::f16:
        return "f16";
    case DType::q8:
        return "q8";
    case DType::q4:
        return "q4";
    default:
        return "f32";
    }
}

/// Rows of f32, (rows, cols), row i at data + i * cols. Activations are always f32.
struct Tensor
{
    float* data = nullptr;
    int64_t rows = 0;
    int64_t cols = 0;

    explicit operator bool() const { return data != nullptr; }

    /// The rows [first, first + count).
    Tensor rowsFrom(int64_t first, int64_t count) const
    {
        return {data + first * cols, count, cols};
    }
};

} // namespace gorgon
