// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/runtime.h"

namespace gorgon::cuda {

/// As the operations of Backend.
void enqueueEmbed(Stream& stream, const Matrix& table, const int32_t* tokens, Tensor x);
void enqueueRmsNorm(Stream& stream, Tensor x, const float* weight, float eps, Tensor y);
void enqueueSiluMul(Stream& stream, Tensor gate_up, Tensor h);
void enqueueAddSilu(Stream& stream, Tensor h, Tensor x, Tensor y);
void enqueueKeepAccepted(Stream& stream, Tensor x, const StepState* state, Tensor y);

} // namespace gorgon::cuda
