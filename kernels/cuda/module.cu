// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/module.h"

#include "kernels/cuda/cuda_backend.h"

extern "C" __attribute__((visibility("default"))) const gorgon::CudaModule* gorgonCudaModule()
{
    static const gorgon::CudaModule functions{gorgon::kCudaInterface, gorgon::cuda::countDevices,
        gorgon::cuda::listCudaDevices, gorgon::cuda::makeCudaBackend};
    return &functions;
}
