// SPDX-License-Identifier: Apache-2.0
// The product of a matrix with up to 256 rows, Y = X Wt: weights flow from memory once for 64 rows.
#pragma once

#include "kernels/cuda/product_finish.h"
#include "kernels/cuda/runtime.h"

namespace gorgon::cuda {

/// How a matrix is cut: a function of its shape, its format and the device alone, never of m.
struct ProductPlan
{
    int n_tiles = 0; // of 128 outputs
    int n_splits = 1; // of k
    CacheUse use = CacheUse::evict_first;
};

/// n_multiprocessors: of the device. use: evict_first for weights that do not stay in the
/// second-level cache from one step to the next; it does not change results.
ProductPlan planProduct(
    DType dtype, int64_t n_out, int64_t n_in, int n_multiprocessors, CacheUse use);

/// Scratch that a product of up to most_rows rows takes; products that follow each other may share
/// it.
size_t partialBytes(const ProductPlan& plan, int most_rows);
/// Zeroed once; every product leaves zeros.
size_t ticketBytes(const ProductPlan& plan, int most_rows);
struct ProductScratch
{
    float* partials = nullptr; // nullptr where partialBytes is 0
    int* tickets = nullptr;
};

/// Y of n_rows rows by the plan of w.
void product(Stream& stream, const Weights& w, const ProductPlan& plan, const ProductRows& x,
    int n_rows, const ProductScratch& scratch, const StoreTile& y);

} // namespace gorgon::cuda
