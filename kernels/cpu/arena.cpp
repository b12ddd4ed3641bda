// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/arena.h"

#if defined(__linux__)
#include <cstdint>
#include <map>
#include <mutex>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

namespace gorgon {

namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t(2) << 20;
constexpr size_t kRegion = size_t(512) << 20; // addresses beyond those of its first buffer

constexpr uintptr_t roundUp(uintptr_t x, size_t unit)
{
    return (x + unit - 1) / unit * unit;
}

/// Buffers one behind the other; nothing is used twice, so all of it is zeros.
struct Region
{
    size_t bytes = 0;
    size_t used = 0;
    size_t n_live = 0; // buffers
};

struct Arena
{
    std::mutex mutex;
    std::map<uintptr_t, Region> regions; // by their begin
    uintptr_t filling = 0; // the begin of the one that the next buffer is taken from
};

/// Never destroyed: buffers may outlive what is static.
Arena& arena()
{
    static Arena* const the_arena = new Arena;
    return *the_arena;
}

/// Addresses that begin with a huge page, or 0.
uintptr_t mapRegion(size_t bytes)
{
    void* const mapped = mmap(
        nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        return 0;
    const auto first = reinterpret_cast<uintptr_t>(mapped), begin = roundUp(first, kHugePage);
    if (begin > first)
        munmap(mapped, begin - first);
    if (first + kHugePage > begin)
        munmap(reinterpret_cast<void*>(begin + bytes), first + kHugePage - begin);
    // Advice: a refusal costs only speed.
    madvise(reinterpret_cast<void*>(begin), bytes, MADV_HUGEPAGE);
    return begin;
}

void release(void* data, size_t bytes)
{
    const auto begin = reinterpret_cast<uintptr_t>(data);
    Arena& a = arena();
    const std::lock_guard lock(a.mutex);
    const auto found = std::prev(a.regions.upper_bound(begin));
    Region& region = found->second;
    if (--region.n_live == 0) {
        munmap(reinterpret_cast<void*>(found->first), region.bytes);
        if (a.filling == found->first)
            a.filling = 0;
        a.regions.erase(found);
        return;
    }
    static const size_t page = size_t(sysconf(_SC_PAGESIZE));
    const uintptr_t from = roundUp(begin, page), to = (begin + bytes) / page * page;
    if (to > from)
        madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
}

} // namespace

Buffer allocateInArena(size_t bytes)
{
    const size_t length = roundUp(bytes, kAlignment);
    Arena& a = arena();
    const std::lock_guard lock(a.mutex);
    auto found = a.regions.find(a.filling);
    if (found == a.regions.end() || found->second.bytes - found->second.used < length) {
        size_t whole = roundUp(length + kRegion, kHugePage);
        uintptr_t begin = mapRegion(whole);
        if (begin == 0) { // addresses may be limited
            whole = roundUp(length, kHugePage);
            begin = mapRegion(whole);
        }
        if (begin == 0)
            throw std::bad_alloc();
        found = a.regions.emplace(begin, Region{.bytes = whole}).first;
        a.filling = begin;
    }
    Region& region = found->second;
    void* const data = reinterpret_cast<void*>(found->first + region.used);
    region.used += length;
    region.n_live++;
    return Buffer(data, length, release);
}

} // namespace gorgon
#endif
