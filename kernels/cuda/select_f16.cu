// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/product_launch.h"
#include "kernels/cuda/select_product.h"

namespace gorgon::cuda {

void selectProductF16(Stream& stream, const Weights& w, const ProductPlan& plan,
    const ProductRows& x, int n_rows, const ProductScratch& scratch, const SelectEpilogue& end)
{
    launchProduct<PlainFormat<Half>>(stream, w, plan, x, n_rows, scratch, end);
}

} // namespace gorgon::cuda
