// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/product_launch.h"

namespace gorgon::cuda {

void storeProductBf16(Stream& stream, const Weights& w, const ProductPlan& plan,
    const ProductRows& x, int n_rows, const ProductScratch& scratch, const StoreTile& y)
{
    launchProduct<PlainFormat<Bf16>>(stream, w, plan, x, n_rows, scratch, y);
}

} // namespace gorgon::cuda
