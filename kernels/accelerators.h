// SPDX-License-Identifier: Apache-2.0
// What can compute beside the processor: devices of a module that is loaded at run time, so that
// the programs start where there is no driver, and say why.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/backend.h"

namespace gorgon {

struct Accelerator
{
    std::string name; // "cuda:0"; "cuda" where there is no device to name
    bool is_usable = false;
    std::string id; // the driver's, unique; may be empty
    std::string description; // "NVIDIA H200, compute capability 9.0, 132 multiprocessors"
    std::string reason; // why it cannot be used, without a full stop
    uint64_t free_bytes = 0;
    uint64_t total_bytes = 0;
};

struct DeviceCount
{
    int n = 0;
    std::string reason; // why there is none
};

/// What says why there is no device to name.
inline Accelerator noAccelerator(const std::string& reason)
{
    Accelerator none;
    none.name = "cuda";
    none.reason = reason;
    return none;
}

/// All there are, in the order of their numbers; where there is none, one entry says why. Each is
/// tried, which takes some hundred MB of its memory until the process ends.
std::vector<Accelerator> listAccelerators();

/// "auto", "cpu" or "cuda:N".
bool isDeviceName(const std::string& name);

struct ChosenBackend
{
    std::shared_ptr<Backend> backend;
    std::string fallback; // auto took the processor: why, in a sentence; else empty
    bool is_surprise = false; // the machine has a device that could have been used
};

/// auto: the first accelerator that can be used, else the processor. Throws std::runtime_error
/// "cuda:N: reason; use cpu" where a device is asked for that cannot be used.
ChosenBackend chooseBackend(const std::string& device, const CpuOptions& cpu);

} // namespace gorgon
