// SPDX-License-Identifier: Apache-2.0
// A pool of threads for operations of some microseconds: entering and leaving cost about a
// microsecond while the threads are awake. The caller takes part. A thread without work spins for a
// moment, then sleeps.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "kernels/cpu/work_ranges.h"

namespace gorgon {

/// The n-th wait, from 0, of a thread for others that are at work: short first, then its processor
/// is given up.
void waitBriefly(int n);

class ThreadPool
{
public:
    /// n_threads counts the caller.
    explicit ThreadPool(int n_threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int size() const { return int(m_threads.size()) + 1; }

    /// body(thread) on the caller and on every thread that wakes before the caller's call returns;
    /// so any number of calls, each taking items until none is left, must do the whole work. One
    /// caller at a time.
    template <class Body> void run(Body& body)
    {
        start([](void* context, int thread) { (*static_cast<Body*>(context))(thread); }, &body);
    }

    /// Items for the bodies of the next run().
    WorkRanges& split(int64_t n)
    {
        m_ranges.split(n);
        return m_ranges;
    }

    /// body(item, thread) for all items < n, each taken by whichever thread is free.
    template <class Body> void forEach(int64_t n, Body&& body)
    {
        if (n <= 1 || m_threads.empty()) {
            for (int64_t i = 0; i < n; i++)
                body(i, 0);
            return;
        }
        std::atomic<int64_t> next = 0;
        auto takeItems = [&](int thread) {
            for (int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < n;)
                body(i, thread);
        };
        run(takeItems);
    }

private:
    using Call = void (*)(void* context, int thread);
    void start(Call call, void* context);
    void work(int thread);
    /// Waits until the gate carries another epoch than `seen`; false where the pool ends.
    bool waitForWork(uint32_t seen);

    // epoch << 32 | open << 31 | threads inside. A thread enters only while the gate is open, so
    // one that was asleep or displaced is not waited for.
    alignas(64) std::atomic<uint64_t> m_gate = 0;
    Call m_call = nullptr;
    void* m_context = nullptr;
    alignas(
        64) std::atomic<uint32_t> m_wake = 0; // number of the newest epoch; what sleepers wait on
    std::atomic<bool> m_ending = false;
    WorkRanges m_ranges;
    std::vector<std::thread> m_threads;
};

} // namespace gorgon
