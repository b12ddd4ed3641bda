// SPDX-License-Identifier: Apache-2.0
// Products of many rows at once, where arithmetic costs more than reading weights: by cuBLAS.
// Quantized weights are unpacked to bf16 on the way, a slab of outputs at a time. Decoding never
// comes here, as the last bits differ from product.h.
#pragma once

#include "kernels/cuda/gemm.h"
#include "kernels/cuda/pack.h"
#include "kernels/cuda/product.h"

namespace gorgon::cuda {

/// Rows at once: as many as cuBLAS needs for its full rate, and few enough to stop between them.
constexpr int kMostPrefillRows = 1024;

/// Bytes of scratch for the rows of a prompt that a product reads.
constexpr size_t prefillRowsBytes(DType weights, int64_t n_in)
{
    return size_t(inputStride(n_in)) * kMostPrefillRows * inputValueBytes(weights);
}

/// Scratch for unpacked weights: at least one slab of 64 outputs; more means fewer launches.
struct UnpackScratch
{
    Bf16* data = nullptr;
    size_t bytes = 0;
};
/// Of one slab; 0 for weights that are not quantized.
size_t leastUnpackBytes(DType dtype, int64_t n_in);

/// As product().
void prefillProduct(Stream& stream, Gemm& gemm, const Weights& w, const ProductRows& x, int n_rows,
    const UnpackScratch& scratch, const StoreTile& y);

} // namespace gorgon::cuda
