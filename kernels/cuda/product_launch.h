// SPDX-License-Identifier: Apache-2.0
// Products that end in an epilogue, by the format of their weights.
#pragma once

#include "kernels/cuda/product.h"

namespace gorgon::cuda {

/// Of one format. Every pair of format and epilogue is compiled in a source of its own, as it takes
/// its time: product_f32.cu, select_f32.cu, ....
template <DType kFormat, typename Epilogue>
void launchProduct(Stream& stream, const Weights& w, const ProductPlan& plan, const ProductRows& x,
    int n_rows, const ProductScratch& scratch, const Epilogue& epilogue);

/// Of the format that w has.
template <typename Epilogue>
void launchAnyProduct(Stream& stream, const Weights& w, const ProductPlan& plan,
    const ProductRows& x, int n_rows, const ProductScratch& scratch, const Epilogue& epilogue)
{
    switch (w.dtype) {
    case DType::f32:
        return launchProduct<DType::f32>(stream, w, plan, x, n_rows, scratch, epilogue);
    case DType::f16:
        return launchProduct<DType::f16>(stream, w, plan, x, n_rows, scratch, epilogue);
    case DType::bf16:
        return launchProduct<DType::bf16>(stream, w, plan, x, n_rows, scratch, epilogue);
    case DType::q8:
        return launchProduct<DType::q8>(stream, w, plan, x, n_rows, scratch, epilogue);
    case DType::q4:
        return launchProduct<DType::q4>(stream, w, plan, x, n_rows, scratch, epilogue);
    }
}

} // namespace gorgon::cuda
