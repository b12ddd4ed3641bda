// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/memory.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include "kernels/cpu/arena.h"

namespace gorgon {

namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kArenaFrom = size_t(256) << 10; // smaller ones come from the heap

} // namespace

size_t productOf(size_t a, size_t b)
{
    if (b != 0 && a > SIZE_MAX / 2 / b)
        throw std::bad_alloc();
    return a * b;
}

Buffer allocateHost(size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        throw std::bad_alloc();
#if defined(__linux__)
    if (bytes >= kArenaFrom)
        return allocateInArena(bytes);
#endif
    const size_t length = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    void* const data = std::aligned_alloc(kAlignment, length == 0 ? kAlignment : length);
    if (!data)
        throw std::bad_alloc();
    std::memset(data, 0, length);
    return Buffer(data, bytes, [](void* memory, size_t) { std::free(memory); });
}

} // namespace gorgon
