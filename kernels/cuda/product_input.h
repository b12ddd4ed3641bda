// SPDX-License-Identifier: Apache-2.0
// The rows that a product reads, in scratch of the backend: made from f32 rows by one small kernel
// (plain, normed or gated), read by product_tile.h.
//   f32 weights          float   [kInputRows][stride]
//   f16 weights          Half    [kInputRows][stride]; finite values beyond +-65504 become that
//   bf16, q8, q4         Bf16    [kInputRows][stride]
// rounded to nearest even; columns n_in ... stride - 1 of a row are zeros. Rows that nobody wrote
// may hold anything: their results are dropped.
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/runtime.h"

namespace gorgon::cuda {

constexpr int kInputRows = 256;
constexpr int kPassRows = 64; // of a product at once; more rows are passes
constexpr int64_t kInputUnit = 128; // a row's length is a multiple of it

constexpr int64_t inputStride(int64_t n_in)
{
    return (n_in + kInputUnit - 1) / kInputUnit * kInputUnit;
}

struct ProductRows
{
    void* values = nullptr; // 256 bytes aligned
    // Of q4, whose weights have minima: [stride / 32][kInputRows], the sum of a row's 32 values
    // from column 32 i on, as they were rounded; added in an order that is the same for every row.
    // Otherwise nullptr.
    float* sums = nullptr;
    int64_t stride = 0; // elements
};

constexpr size_t inputValueBytes(DType weights)
{
    return weights == DType::f32 ? 4 : 2;
}

/// Read ahead behind the last row, and dropped.
constexpr size_t kRowSlack = size_t(kInputUnit) * sizeof(float);
constexpr size_t kSumSlack = size_t(kInputUnit / 32) * kInputRows * sizeof(float);

constexpr size_t inputRowsBytes(DType weights, int64_t n_in)
{
    return size_t(inputStride(n_in)) * kInputRows * inputValueBytes(weights) + kRowSlack;
}

/// Bytes of scratch for rows of n_in values against such weights.
constexpr size_t productRowsBytes(DType weights, int64_t n_in)
{
    const size_t sums = size_t(inputStride(n_in)) / 32 * kInputRows * sizeof(float) + kSumSlack;
    return inputRowsBytes(weights, n_in) + (weights == DType::q4 ? sums : 0);
}

/// Lays them out in scratch.
constexpr ProductRows productRows(DType weights, int64_t n_in, void* scratch)
{
    void* const sums = static_cast<char*>(scratch) + inputRowsBytes(weights, n_in);
    return {scratch, weights == DType::q4 ? static_cast<float*>(sums) : nullptr, inputStride(n_in)};
}

/// Makes the rows of a product with weights of this type; at most kInputRows where there are sums,
/// otherwise as many as there is room for.
void enqueueProductInput(
    Stream& stream, DType weights, const ProductInput& input, const ProductRows& rows);

} // namespace gorgon::cuda
