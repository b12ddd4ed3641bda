// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/memory.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace gorgon {

namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t(2) << 20;
constexpr size_t kMapFrom = 2 * kHugePage; // smaller ones come from the heap

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
    if (bytes >= kMapFrom) {
        // note: mapped with room to spare and trimmed, so that the first page can be a huge one.
        // The end takes small pages: a huge one there was 1 MB too much per matrix, 15 % of a q4
        // model.
        static const size_t page = size_t(sysconf(_SC_PAGESIZE));
        const size_t length = (bytes + page - 1) / page * page;
        void* mapped = mmap(nullptr, length + kHugePage, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapped == MAP_FAILED)
            throw std::bad_alloc();
        char* const begin = static_cast<char*>(mapped);
        const size_t before
            = (kHugePage - reinterpret_cast<uintptr_t>(begin) % kHugePage) % kHugePage;
        if (before > 0)
            munmap(begin, before);
        munmap(begin + before + length, kHugePage - before);
        // Advice: a refusal costs only speed.
        madvise(begin + before, length / kHugePage * kHugePage, MADV_HUGEPAGE);
        return Buffer(begin + before, length, [](void* data, size_t size) { munmap(data, size); });
    }
#endif
    const size_t length = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    void* const data = std::aligned_alloc(kAlignment, length == 0 ? kAlignment : length);
    if (!data)
        throw std::bad_alloc();
    std::memset(data, 0, length);
    return Buffer(data, bytes, [](void* memory, size_t) { std::free(memory); });
}

} // namespace gorgon
