// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/parallel.h"

#include <chrono>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gorgon {

namespace {

constexpr uint64_t kOpen = uint64_t(1) << 31;
constexpr uint64_t kInside = kOpen - 1;
constexpr auto kSpinTime = std::chrono::microseconds(60);

uint32_t epochOf(uint64_t gate)
{
    return uint32_t(gate >> 32);
}

void relax()
{
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

} // namespace

void waitBriefly(int n)
{
    if (n < 2000)
        relax();
    else
        std::this_thread::yield();
}

ThreadPool::ThreadPool(int n_threads)
    : m_ranges(n_threads < 1 ? 1 : n_threads)
{
    for (int thread = 1; thread < n_threads; thread++)
        m_threads.emplace_back([this, thread] { work(thread); });
}

ThreadPool::~ThreadPool()
{
    m_ending.store(true);
    m_wake.fetch_add(1);
    m_wake.notify_all();
    for (std::thread& thread : m_threads)
        thread.join();
}

void ThreadPool::start(Call call, void* context)
{
    if (m_threads.empty()) {
        call(context, 0);
        return;
    }
    m_call = call;
    m_context = context;
    const uint32_t epoch = epochOf(m_gate.load(std::memory_order_relaxed)) + 1;
    m_gate.store(uint64_t(epoch) << 32 | kOpen, std::memory_order_release);
    m_wake.store(epoch);
    m_wake.notify_all();

    call(context, 0);

    // Closed: no further thread enters. Those inside are finishing their last item.
    m_gate.fetch_and(~kOpen, std::memory_order_acq_rel);
    for (int n = 0; m_gate.load(std::memory_order_acquire) & kInside; n++)
        waitBriefly(n);
}

bool ThreadPool::waitForWork(uint32_t seen)
{
    const auto changed = [&] {
        return epochOf(m_gate.load(std::memory_order_acquire)) != seen || m_ending.load();
    };
    while (!changed()) {
        const uint32_t wake = m_wake.load();
        const auto end = std::chrono::steady_clock::now() + kSpinTime;
        bool found = false;
        do {
            for (int i = 0; i < 32 && !(found = changed()); i++)
                relax();
        } while (!found && std::chrono::steady_clock::now() < end);
        if (!found && !changed())
            m_wake.wait(wake);
    }
    return !m_ending.load();
}

void ThreadPool::work(int thread)
{
    uint32_t seen = 0;
    while (waitForWork(seen)) {
        uint64_t gate = m_gate.load(std::memory_order_acquire);
        seen = epochOf(gate);
        while (gate & kOpen) {
            if (m_gate.compare_exchange_weak(gate, gate + 1, std::memory_order_acq_rel)) {
                seen = epochOf(gate);
                m_call(m_context, thread);
                m_gate.fetch_sub(1, std::memory_order_release);
                break;
            }
        }
    }
}

} // namespace gorgon
