// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/product_instance.h"
#include "kernels/cuda/select.h"

namespace gorgon::cuda {

GORGON_PRODUCT(DType::f32, SelectEpilogue);

} // namespace gorgon::cuda
