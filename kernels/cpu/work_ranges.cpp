// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/work_ranges.h"

namespace gorgon {

namespace {

int64_t beginOf(uint64_t items)
{
    return int64_t(items >> 32);
}

int64_t endOf(uint64_t items)
{
    return int64_t(items & 0xFFFFFFFFU);
}

int64_t lengthOf(uint64_t items)
{
    return endOf(items) - beginOf(items);
}

uint64_t itemsOf(int64_t begin, int64_t end)
{
    return uint64_t(begin) << 32 | uint64_t(end);
}

} // namespace

void WorkRanges::split(int64_t n)
{
    const int64_t n_threads = int64_t(m_ranges.size());
    for (int64_t thread = 0; thread < n_threads; thread++)
        m_ranges[size_t(thread)].items.store(
            itemsOf(n * thread / n_threads, n * (thread + 1) / n_threads),
            std::memory_order_relaxed);
}

int64_t WorkRanges::take(int thread)
{
    std::atomic<uint64_t>& own = m_ranges[size_t(thread)].items;
    uint64_t items = own.load(std::memory_order_relaxed);
    while (lengthOf(items) > 0)
        if (own.compare_exchange_weak(
                items, itemsOf(beginOf(items) + 1, endOf(items)), std::memory_order_relaxed))
            return beginOf(items);
    while (true) {
        Range* fullest = nullptr;
        uint64_t most = 0;
        for (Range& range : m_ranges) {
            const uint64_t theirs = range.items.load(std::memory_order_relaxed);
            if (lengthOf(theirs) > lengthOf(most)) {
                fullest = &range;
                most = theirs;
            }
        }
        if (!fullest)
            return -1;
        if (fullest->items.compare_exchange_strong(
                most, itemsOf(beginOf(most), endOf(most) - 1), std::memory_order_relaxed))
            return endOf(most) - 1;
    }
}

int64_t WorkRanges::next(int thread) const
{
    const uint64_t items = m_ranges[size_t(thread)].items.load(std::memory_order_relaxed);
    return lengthOf(items) > 0 ? beginOf(items) : -1;
}

} // namespace gorgon
