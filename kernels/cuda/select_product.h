// SPDX-License-Identifier: Apache-2.0
// Products that end in the vocabulary's epilogue. The formats stand in sources of their own, which
// take their time to compile.
#pragma once

#include "kernels/cuda/product.h"
#include "kernels/cuda/select.h"

namespace gorgon::cuda {

void enqueueSelectProduct(Stream& stream, const Weights& w, const ProductPlan& plan,
    const ProductRows& x, int n_rows, const ProductScratch& scratch, const SelectEpilogue& end);

void selectProductF32(Stream& stream, const Weights& w, const ProductPlan& plan,
    const ProductRows& x, int n_rows, const ProductScratch& scratch, const SelectEpilogue& end);
void selectProductF16(Stream& stream, const Weights& w, const ProductPlan& plan,
    const ProductRows& x, int n_rows, const ProductScratch& scratch, const SelectEpilogue& end);
void selectProductBf16(Stream& stream, const Weights& w, const ProductPlan& plan,
    const ProductRows& x, int n_rows, const ProductScratch& scratch, const SelectEpilogue& end);
void selectProductQ8(Stream& stream, const Weights& w, const ProductPlan& plan,
    const ProductRows& x, int n_rows, const ProductScratch& scratch, const SelectEpilogue& end);
void selectProductQ4(Stream& stream, const Weights& w, const ProductPlan& plan,
    const ProductRows& x, int n_rows, const ProductScratch& scratch, const SelectEpilogue& end);

} // namespace gorgon::cuda
