// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/product_instance.h"
#include "kernels/cuda/select.h"

namespace gorgon::cuda {

GORGON_PRODUCT(DType::q8, SelectEpilogue);

} // namespace gorgon::cuda
