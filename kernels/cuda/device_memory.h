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

/// Of unknown contents. Throws std::bad_alloc.
inline Buffer deviceBuffer(size_t bytes)
{
    const size_t size = bytes > 0 ? bytes : 1;
    return Buffer(allocateDevice(size), size, [](void* data, size_t length) {
        releaseCount()++; // before another thread may get the address
        releaseDevice(data, length);
    });
}

inline Buffer pinnedBuffer(size_t bytes)
{
    return Buffer(allocatePinned(bytes), bytes, releasePinned);
}

} // namespace gorgon::cuda
