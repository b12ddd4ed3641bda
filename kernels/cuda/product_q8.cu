// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/product_launch.h"

namespace gorgon::cuda {

void storeProductQ8(Stream& stream, const Weights& w, const ProductPlan& plan, const ProductRows& x,
    int n_rows, const ProductScratch& scratch, const StoreTile& y)
{
    launchProduct<Q8Format>(stream, w, plan, x, n_rows, scratch, y);
}

} // namespace gorgon::cuda
