// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/select_product.h"

namespace gorgon::cuda {

void enqueueSelectProduct(Stream& stream, const Weights& w, const ProductPlan& plan,
    const ProductRows& x, int n_rows, const ProductScratch& scratch, const SelectEpilogue& end)
{
    switch (w.dtype) {
    case DType::f32:
        return selectProductF32(stream, w, plan, x, n_rows, scratch, end);
    case DType::f16:
        return selectProductF16(stream, w, plan, x, n_rows, scratch, end);
    case DType::bf16:
        return selectProductBf16(stream, w, plan, x, n_rows, scratch, end);
    case DType::q8:
        return selectProductQ8(stream, w, plan, x, n_rows, scratch, end);
    case DType::q4:
        return selectProductQ4(stream, w, plan, x, n_rows, scratch, end);
    }
}

} // namespace gorgon::cuda
