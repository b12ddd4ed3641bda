// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/instructions.h"

namespace gorgon::cuda {

/// As kernels/cpu/select.h: below 1e-6 every draw is the arg-max.
GORGON_DEVICE bool isArgmaxTemperature(float temperature)
{
    return !(temperature >= 1e-6F);
}
/// 1 / T, or 1 where every draw is the arg-max.
GORGON_DEVICE float inverseTemperature(float temperature)
{
    return isArgmaxTemperature(temperature) ? 1.0F : divRn(1.0F, temperature);
}
GORGON_DEVICE bool isFinite(float x)
{
    return subRn(x, x) == 0.0F;
}

} // namespace gorgon::cuda
