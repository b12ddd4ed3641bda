// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/runtime.h"
#include "kernels/step_state.h"

namespace gorgon::cuda {

/// As the operation of Backend, by the device's own clock.
void enqueueStamp(Stream& stream, StepState* state, StepPhase phase);

} // namespace gorgon::cuda
