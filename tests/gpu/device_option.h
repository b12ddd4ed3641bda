// SPDX-License-Identifier: Apache-2.0
// The device that a program is to use.
#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "kernels/cuda/runtime.h"

namespace gorgon::gpu {

/// What stands behind --device, else 0.
inline int deviceOption(int argc, char** argv)
{
    for (int i = 1; i + 1 < argc; i++)
        if (std::string(argv[i]) == "--device")
            return std::atoi(argv[i + 1]);
    return 0;
}

/// Makes it this thread's. Throws std::runtime_error where it cannot be used.
inline cuda::DeviceFacts takeDevice(int device)
{
    const DeviceCount count = cuda::countDevices();
    if (device < 0 || device >= count.n)
        throw std::runtime_error("--device " + std::to_string(device) + ": "
            + (count.n > 0 ? "there is no such device" : count.reason));
    cuda::DeviceFacts facts = cuda::readDevice(device);
    if (!facts.reason.empty())
        throw std::runtime_error("--device " + std::to_string(device) + ": " + facts.reason);
    cuda::useDevice(device);
    return facts;
}

} // namespace gorgon::gpu
