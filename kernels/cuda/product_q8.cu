// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/product_instance.h"

namespace gorgon::cuda {

GORGON_PRODUCT(DType::q8, StoreTile);

} // namespace gorgon::cuda
