// SPDX-License-Identifier: Apache-2.0
// What product_launch.h declares: for sources that compile one pair of format and epilogue.
#pragma once

#include <cassert>

#include "kernels/cuda/product_floats.h"
#include "kernels/cuda/product_launch.h"
#include "kernels/cuda/product_tile.h"

#define GORGON_PRODUCT(format, Epilogue)                                                           \
    template void launchProduct<format, Epilogue>(Stream&, const Weights&, const ProductPlan&,     \
        const ProductRows&, int, const ProductScratch&, const Epilogue&)

namespace gorgon::cuda {

template <DType kFormat> struct FormatOf;
template <> struct FormatOf<DType::f16>
{
    using Type = PlainFormat<Half>;
};
template <> struct FormatOf<DType::bf16>
{
    using Type = PlainFormat<Bf16>;
};
template <> struct FormatOf<DType::q8>
{
    using Type = Q8Format;
};
template <> struct FormatOf<DType::q4>
{
    using Type = Q4Format;
};

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

template <DType kFormat, typename Epilogue>
void launchProduct(Stream& stream, const Weights& w, const ProductPlan& plan, const ProductRows& x,
    int n_rows, const ProductScratch& scratch, const Epilogue& epilogue)
{
    const ProductArgs args = productArgs(w, plan, x, n_rows, scratch);
    const int grid = plan.n_tiles * plan.n_splits * args.n_passes;
    withGroups(n_rows, [&](auto groups) {
        constexpr int kGroups = decltype(groups)::value;
        if constexpr (kFormat == DType::f32)
            launch(stream, floatProductKernel<kGroups, Epilogue>, grid, kProductThreads,
                kProductShared, args, epilogue);
        else
            launchEarly(stream, productKernel<typename FormatOf<kFormat>::Type, kGroups, Epilogue>,
                grid, kProductThreads, kProductShared, args, epilogue);
    });
}

} // namespace gorgon::cuda
