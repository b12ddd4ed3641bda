// SPDX-License-Identifier: Apache-2.0
// The threads, warps and blocks of an emulated launch, and the machine that runs them in turn.
#pragma once

#include <deque>
#include <exception>
#include <memory>
#include <vector>

#include "tests/kernels/cuda/block_memory.h"
#include "tests/kernels/cuda/emulation.h"
#include "tests/kernels/cuda/fiber.h"

namespace gorgon::cuda::emulation {

struct Block;

struct Copy
{
    void* to;
    const void* from;
};

enum class State : uint8_t
{
    ready,
    in_warp,
    in_block,
    ended,
};

struct Thread
{
    Position position;
    Block* block = nullptr;
    std::unique_ptr<Fiber> fiber;
    State state = State::ended;
    Place place;
    std::exception_ptr error;
    std::vector<Copy> copies; // that have not landed, oldest first
    std::vector<size_t> groups; // copies of each group, oldest first
    size_t open_copies = 0; // of no group yet
    bool has_waited = false; // for the kernels before
};

struct Warp
{
    int n_waiting = 0;
    Finish finish = nullptr;
    Place place;
    void* deposits[kWarp] = {};
};

struct Block
{
    int index = 0;
    int n_alive = 0;
    int n_waiting = 0; // at the barrier
    Place place;
    Votes votes; // of those that wait
    Votes result;
    std::vector<Thread> threads;
    std::vector<Warp> warps;
    BlockMemory dynamic_memory;
    std::vector<std::pair<const void*, BlockMemory>> static_memory;
    size_t shared_bytes = 0;
};

/// SplitMix64.
class Draws
{
public:
    explicit Draws(uint64_t seed)
        : m_state(seed)
    {
    }
    uint64_t next()
    {
        m_state += 0x9E3779B97F4A7C15U;
        uint64_t z = m_state;
        z = (z ^ z >> 30U) * 0xBF58476D1CE4E5B9U;
        z = (z ^ z >> 27U) * 0x94D049BB133111EBU;
        return z ^ z >> 31U;
    }
    size_t below(size_t n) { return size_t(next() % n); }

private:
    uint64_t m_state;
};

class Machine
{
public:
    void run(const LaunchShape& shape, const std::function<void()>& body);

    Thread* running = nullptr;

    void meetInWarp(Finish finish, void* deposit, const Place& place);
    Votes meetInBlock(bool vote, const Place& place);
    void letOthersRun(const Place& place);
    void* staticShared(const void* declaration, size_t bytes);
    void beginCopy(void* to, const void* from);
    void waitCopies(int groups_left);
    [[noreturn]] void fault(const std::string& what, const Place& place) const;

private:
    static void runThread(void* thread);
    void startBlock();
    void endBlock(Block& block);
    Thread* takeReady();
    void makeReady(Thread& thread);
    void releaseBarrier(Block& block);
    void threadEnded(Thread& thread);
    [[noreturn]] void reportBlocked() const;
    std::string where(const Thread& thread) const;

    LaunchShape m_shape;
    const std::function<void()>* m_body = nullptr;
    bool m_shuffles = false;
    Draws m_draws{0};
    std::vector<int> m_order; // of blocks
    size_t m_next_block = 0;
    std::vector<std::unique_ptr<Block>> m_active;
    std::vector<std::unique_ptr<Block>> m_spare;
    std::deque<Thread*> m_ready;
    int m_idle_switches = 0;
};

} // namespace gorgon::cuda::emulation
