// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/prefill.h"

#include <algorithm>
#include <cassert>

namespace gorgon::cuda {

namespace {

constexpr int kBiasThreads = 256;

/// y[row][i] += bias[i], or = bias[i]: the start that a product adds to. Grid: rows.
GORGON_KERNEL void addBias(StoreTile y, int n_out)
{
    float* const row = y.y + blockIndex() * y.stride;
    for (int i = threadIndex(); i < n_out; i += kBiasThreads)
        row[i] = y.add ? addRn(row[i], y.bias[i]) : y.bias[i];
}

} // namespace

size_t leastUnpackBytes(DType dtype, int64_t n_in)
{
    return isQuantized(dtype) ? size_t(inputStride(n_in)) * kPieceOutputs * sizeof(Bf16) : 0;
}

void prefillProduct(Stream& stream, Gemm& gemm, const Weights& w, const ProductRows& x, int n_rows,
    const UnpackScratch& scratch, const StoreTile& y)
{
    if (y.bias)
        launch(stream, addBias, n_rows, kBiasThreads, 0, y, w.n_out);
    const bool add = y.add || y.bias;
    GemmShape shape;
    shape.dtype = w.dtype;
    shape.n_rows = n_rows;
    shape.n_out = w.n_out;
    shape.k = w.n_in;
    shape.x_stride = x.stride;
    shape.w_stride = w.stride;
    shape.y_stride = y.stride;
    if (!isQuantized(w.dtype)) {
        gemm(shape, x.values, w.data, y.y, add);
        return;
    }
    assert(scratch.bytes >= leastUnpackBytes(w.dtype, w.n_in));
    shape.dtype = DType::bf16;
    shape.w_stride = inputStride(w.n_in);
    const size_t slab_bytes = leastUnpackBytes(w.dtype, w.n_in);
    const auto at_once = int(
        std::min<size_t>(scratch.bytes / slab_bytes, size_t(w.n_out)) * size_t(kPieceOutputs));
    for (int first = 0; first < w.n_out; first += at_once) {
        shape.n_out = std::min(at_once, w.n_out - first);
        unpackRows(stream, w, first, shape.n_out, scratch.data, shape.w_stride);
        gemm(shape, x.values, scratch.data, y.y + first, add);
    }
}

} // namespace gorgon::cuda
