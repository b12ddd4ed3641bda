// SPDX-License-Identifier: Apache-2.0
// kernels/cuda/runtime.h on the processor: what is enqueued happens at once. Fresh memory is NaN.
#include <cstring>
#include <new>

#include "kernels/cuda/runtime.h"

namespace gorgon::cuda {

namespace {

constexpr std::align_val_t kAlignment{256};

} // namespace

Stream::Stream() = default;
Stream::~Stream() = default;

void Stream::synchronize() { }

void* allocateDevice(size_t bytes)
{
    void* const data = ::operator new(bytes, kAlignment);
    std::memset(data, 0xFF, bytes);
    return data;
}

void releaseDevice(void* data, size_t)
{
    ::operator delete(data, kAlignment);
}

void copyToDevice(Stream&, void* device, const void* host, size_t bytes)
{
    std::memcpy(device, host, bytes);
}

void copyToHost(Stream&, void* host, const void* device, size_t bytes)
{
    std::memcpy(host, device, bytes);
}

void fillZero(Stream&, void* device, size_t bytes)
{
    std::memset(device, 0, bytes);
}

void launchEmulated(Stream&, const emulation::LaunchShape& shape, std::function<void()> thread)
{
    emulation::runGrid(shape, thread);
}

} // namespace gorgon::cuda
