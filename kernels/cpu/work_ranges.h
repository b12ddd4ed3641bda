// SPDX-License-Identifier: Apache-2.0
// Items shared out among threads in ranges of neighbours, so that what a thread reads next follows
// what it has read; a thread without items takes the last ones of the fullest range.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace gorgon {

class WorkRanges
{
public:
    explicit WorkRanges(int n_threads)
        : m_ranges(size_t(n_threads))
    {
    }

    /// Items 0 ... n - 1, n < 2^32, in equal ranges. No thread takes any meanwhile.
    void split(int64_t n);
    /// An item that nobody else gets, or -1 where none is left.
    int64_t take(int thread);
    /// The item that `thread` will most likely get, or -1.
    int64_t next(int thread) const;

private:
    struct alignas(64) Range
    {
        std::atomic<uint64_t> items = 0; // begin << 32 | end
    };

    std::vector<Range> m_ranges;
};

} // namespace gorgon
