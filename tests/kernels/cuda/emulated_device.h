// SPDX-License-Identifier: Apache-2.0
// A backend on the emulated device, and a device that is as new when a test ends.
#pragma once

#include <memory>

#include "kernels/cuda/cuda_backend.h"
#include "tests/kernels/cuda/runtime_emulated.h"

namespace gorgon::tests {

inline std::shared_ptr<Backend> makeEmulatedCudaBackend()
{
    return cuda::makeCudaBackend(0);
}

class EmulatedDevice
{
public:
    explicit EmulatedDevice(
        cuda::emulation::Promptness promptness = cuda::emulation::Promptness::at_once)
    {
        reset();
        cuda::emulation::setPromptness(promptness);
    }
    ~EmulatedDevice() { reset(); }
    EmulatedDevice(const EmulatedDevice&) = delete;
    EmulatedDevice& operator=(const EmulatedDevice&) = delete;

private:
    static void reset()
    {
        cuda::emulation::setPromptness(cuda::emulation::Promptness::at_once);
        cuda::emulation::faults() = {};
        cuda::emulation::answers() = {};
        cuda::emulation::setDeviceMemory(cuda::emulation::kDeviceBytes);
        cuda::emulation::reviveDevice();
        cuda::emulation::options().seed = 0;
    }
};

} // namespace gorgon::tests
