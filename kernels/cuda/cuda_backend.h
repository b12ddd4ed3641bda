// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "kernels/accelerators.h"
#include "kernels/backend.h"
#include "kernels/cuda/runtime.h"

namespace gorgon::cuda {

/// "NVIDIA H200, compute capability 9.0, 132 multiprocessors".
std::string describeDevice(const DeviceFacts& facts);

/// All there are; where there is none, one entry says why.
std::vector<Accelerator> listCudaDevices();

/// Throws std::runtime_error "cuda:N: reason" where the device cannot be used.
std::unique_ptr<Backend> makeCudaBackend(int device);

} // namespace gorgon::cuda
