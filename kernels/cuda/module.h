// SPDX-License-Identifier: Apache-2.0
// The door of the CUDA module. Program and module come from one build; the number tells whether
// they do, as far as sizes can, before anything else of the module is called.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/accelerators.h"

namespace gorgon {

constexpr uint64_t mixedWith(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * 0x100000001B3U; // FNV-1a
}
constexpr uint64_t cudaInterface()
{
    uint64_t hash = 0xCBF29CE484222325U;
    for (const uint64_t value : {uint64_t(4), // raised with every change of Backend's functions
             uint64_t(sizeof(StepState)), uint64_t(sizeof(TreeTables)), uint64_t(sizeof(Matrix)),
             uint64_t(sizeof(KvCache)), uint64_t(sizeof(Accelerator)), uint64_t(kMaxNodes)})
        hash = mixedWith(hash, value);
    return hash;
}
constexpr uint64_t kCudaInterface = cudaInterface();

struct CudaModule
{
    uint64_t interface_version;
    DeviceCount (*count)();
    std::vector<Accelerator> (*list)();
    /// Touches no other device. Throws std::runtime_error "cuda:N: reason".
    std::unique_ptr<Backend> (*make)(int device);
};

using CudaModuleEntry = const CudaModule*();
constexpr const char* kCudaModuleEntry = "gorgonCudaModule";

} // namespace gorgon
