// SPDX-License-Identifier: Apache-2.0
// Launches products with any epilogue; for sources that bring one. An instance per format and group
// count takes its time to compile: name the format in a source of its own.
#pragma once

#include <cassert>

#include "kernels/cuda/product.h"
#include "kernels/cuda/product_floats.h"
#include "kernels/cuda/product_tile.h"

namespace gorgon::cuda {

inline ProductArgs productArgs(const Weights& w, const ProductPlan& plan, const ProductRows& x,
    int n_rows, const ProductScratch& scratch)
{
    assert(n_rows >= 1 && n_rows <= kInputRows);
    ProductArgs args;
    args.w = w;
    args.x = x;
    args.n_rows = n_rows;
    args.n_passes = (n_rows + kPassRows - 1) / kPassRows;
    args.n_splits = plan.n_splits;
    args.use = plan.use;
    args.partials = scratch.partials;
    args.tickets = scratch.tickets;
    return args;
}

/// Calls launchGroups(constant G) with the groups of 8 rows that a pass of n_rows computes.
template <typename Launch> void withGroups(int n_rows, Launch&& launchGroups)
{
    const int groups = n_rows < kPassRows ? (n_rows + 7) / 8 : kPassRows / 8;
    if (groups <= 1)
        launchGroups(std::integral_constant<int, 1>());
    else if (groups <= 2)
        launchGroups(std::integral_constant<int, 2>());
    else if (groups <= 3)
        launchGroups(std::integral_constant<int, 3>());
    else if (groups <= 4)
        launchGroups(std::integral_constant<int, 4>());
    else if (groups <= 6)
        launchGroups(std::integral_constant<int, 6>());
    else
        launchGroups(std::integral_constant<int, 8>());
}

/// Format: PlainFormat<Half>, PlainFormat<Bf16>, Q8Format or Q4Format, as w.dtype says.
template <typename Format, typename Epilogue>
void launchProduct(Stream& stream, const Weights& w, const ProductPlan& plan, const ProductRows& x,
    int n_rows, const ProductScratch& scratch, const Epilogue& epilogue)
{
    const ProductArgs args = productArgs(w, plan, x, n_rows, scratch);
    withGroups(n_rows, [&](auto groups) {
        launch(stream, productKernel<Format, decltype(groups)::value, Epilogue>,
            plan.n_tiles * plan.n_splits * args.n_passes, kProductThreads, kProductShared, args,
            epilogue);
    });
}

/// Of f32 weights.
template <typename Epilogue>
void launchFloatProduct(Stream& stream, const Weights& w, const ProductPlan& plan,
    const ProductRows& x, int n_rows, const ProductScratch& scratch, const Epilogue& epilogue)
{
    const ProductArgs args = productArgs(w, plan, x, n_rows, scratch);
    withGroups(n_rows, [&](auto groups) {
        launch(stream, floatProductKernel<decltype(groups)::value, Epilogue>,
            plan.n_tiles * plan.n_splits * args.n_passes, kProductThreads, kProductShared, args,
            epilogue);
    });
}

// The formats with StoreTile, each in a source of its own: product_f32.cu, product_f16.cu, ....
void storeProductF32(Stream& stream, const Weights& w, const ProductPlan& plan,
    const ProductRows& x, int n_rows, const ProductScratch& scratch, const StoreTile& y);
void storeProductF16(Stream& stream, const Weights& w, const ProductPlan& plan,
    const ProductRows& x, int n_rows, const ProductScratch& scratch, const StoreTile& y);
void storeProductBf16(Stream& stream, const Weights& w, const ProductPlan& plan,
    const ProductRows& x, int n_rows, const ProductScratch& scratch, const StoreTile& y);
void storeProductQ8(Stream& stream, const Weights& w, const ProductPlan& plan, const ProductRows& x,
    int n_rows, const ProductScratch& scratch, const StoreTile& y);
void storeProductQ4(Stream& stream, const Weights& w, const ProductPlan& plan, const ProductRows& x,
    int n_rows, const ProductScratch& scratch, const StoreTile& y);

} // namespace gorgon::cuda
