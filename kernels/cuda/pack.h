// SPDX-License-Identifier: Apache-2.0
// Puts weights into the order of weights.h and takes them out again.
#pragma once

#include "kernels/cpu/parallel.h"
#include "kernels/cuda/runtime.h"
#include "kernels/cuda/weights.h"

namespace gorgon::cuda {

/// Bytes of a matrix; std::bad_alloc where the size does not fit.
size_t weightBytes(DType dtype, int64_t n_out, int64_t n_in);
/// n_out and n_in have passed weightBytes.
Weights weightsAt(DType dtype, int64_t n_out, int64_t n_in, const void* data);
Weights weightsOf(const Matrix& matrix);

/// As Backend::setRows: converts (round to nearest even; quantizeUnit) and packs rows from `first`
/// of host memory into the matrix, whose memory was zeroed before its first rows came. Waits for
/// the copies.
void setMatrixRows(Stream& stream, ThreadPool& pool, const Matrix& matrix, int64_t first,
    int64_t n_rows, const void* source, DType source_dtype);

/// Outputs [first, first + n_rows) of quantized weights, rounded to bf16, at out[i * stride];
/// stride is n_in rounded up to 128, columns from n_in on mean nothing. first: a multiple of 64.
/// Rows up to the next multiple of 64 are written, too.
void unpackRows(
    Stream& stream, const Weights& w, int64_t first, int64_t n_rows, Bf16* out, int64_t stride);

} // namespace gorgon::cuda
