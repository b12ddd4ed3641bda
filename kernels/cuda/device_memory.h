// SPDX-License-Identifier: Apache-2.0
// Owned memory of the runtime, and how often device memory was given back: pointers that a graph
// holds may mean nothing from then on.
#pragma once

#include <atomic>

#include "kernels/buffer.h"
#include "kernels/cuda/runtime.h"

namespace gorgon::cuda {

inline std::atomic<uint64_t>& releaseCount()
{
    static std::atomic<uint64_t> count = 0;
    return count;
}

/// Uses the device of some memory while it lasts: buffers end on any thread.
class OnDeviceOf
{
public:
    explicit OnDeviceOf(const void* data)
        : m_before(deviceInUse())
        , m_device(deviceOf(data))
    {
        if (m_device >= 0)
            useDevice(m_device);
    }
    ~OnDeviceOf()
    {
        if (m_device >= 0 && m_before >= 0)
            useDevice(m_before);
    }
    OnDeviceOf(const OnDeviceOf&) = delete;
    OnDeviceOf& operator=(const OnDeviceOf&) = delete;

private:
    int m_before, m_device;
};

/// Of unknown contents. Throws std::bad_alloc.
inline Buffer deviceBuffer(size_t bytes)
{
    const size_t size = bytes > 0 ? bytes : 1;
    return Buffer(allocateDevice(size), size, [](void* data, size_t length) {
        releaseCount()++; // before another thread may get the address
        const OnDeviceOf owner(data);
        releaseDevice(data, length);
    });
}

inline Buffer pinnedBuffer(size_t bytes)
{
    return Buffer(allocatePinned(bytes), bytes, [](void* data, size_t length) {
        const OnDeviceOf owner(data);
        releasePinned(data, length);
    });
}

} // namespace gorgon::cuda
