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
};

constexpr size_t dtypeBytes(DType dtype) { return dtype == DType::f32 ? 4 : 2; }

constexpr const char* dtypeName(DType dtype)
{
    return dtype == DType::f32 ? "f32" : dtype == DType::bf16 ? "bf16" : "f16";
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
