// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/cuda/emulation.h"

#include <algorithm>
#include <cstring>
#include <cxxabi.h>
#include <dlfcn.h>
#include <numeric>
#include <optional>
#include <sstream>

#include "tests/kernels/cuda/machine.h"

namespace gorgon::cuda::emulation {

namespace {

constexpr int kMostThreads = 1024; // of a block
constexpr int kIdleSwitches = 1 << 20; // of threads that wait for another block

std::string describe(const Place& place)
{
    std::ostringstream text;
    const std::string file = place.file_name();
    text << file.substr(file.rfind('/') + 1) << ':' << place.line() << " (" << place.function_name()
         << ')';
    return text.str();
}

bool isSame(const Place& a, const Place& b)
{
    return a.line() == b.line() && std::strcmp(a.file_name(), b.file_name()) == 0;
}

Machine& machine()
{
    thread_local Machine instance;
    return instance;
}

thread_local const Position* t_position = nullptr;

} // namespace

std::string Machine::where(const Thread& thread) const
{
    std::ostringstream text;
    text << "kernel " << m_shape.name << ", block " << thread.position.block << ", warp "
         << thread.position.thread / kWarp << ", lane " << thread.position.thread % kWarp;
    return text.str();
}

void Machine::fault(const std::string& what, const Place& place) const
{
    throw Fault(where(*running) + ": " + what + " at " + describe(place));
}

void Machine::runThread(void* argument)
{
    Thread& thread = *static_cast<Thread*>(argument);
    try {
        (*machine().m_body)();
    } catch (...) {
        thread.error = std::current_exception();
    }
    thread.state = State::ended;
}

void Machine::startBlock()
{
    std::unique_ptr<Block> block;
    if (m_spare.empty()) {
        block = std::make_unique<Block>();
    } else {
        block = std::move(m_spare.back());
        m_spare.pop_back();
    }
    const int n = m_shape.block;
    block->index = m_order[m_next_block++];
    block->n_alive = n;
    block->n_waiting = 0;
    block->warps.assign(size_t(n / kWarp), {});
    block->threads.resize(size_t(n));
    block->dynamic_memory = BlockMemory(m_shape.shared_bytes);
    block->static_memory.clear();
    block->shared_bytes = m_shape.shared_bytes;
    for (int i = 0; i < n; i++) {
        Thread& thread = block->threads[size_t(i)];
        thread.position = {i, block->index, n, m_shape.grid};
        thread.block = block.get();
        thread.error = nullptr;
        thread.copies.clear();
        thread.groups.clear();
        thread.open_copies = 0;
        thread.has_waited = false;
        if (!thread.fiber)
            thread.fiber = std::make_unique<Fiber>();
        thread.fiber->start(&runThread, &thread);
        makeReady(thread);
    }
    m_active.push_back(std::move(block));
}

void Machine::endBlock(Block& block)
{
    const bool is_whole = block.dynamic_memory.isWhole()
        && std::all_of(block.static_memory.begin(), block.static_memory.end(),
            [](const auto& one) { return one.second.isWhole(); });
    if (!is_whole)
        throw Fault("kernel " + m_shape.name + ", block " + std::to_string(block.index)
            + ": wrote beyond its shared memory");
    const auto at = std::find_if(
        m_active.begin(), m_active.end(), [&](const auto& one) { return one.get() == &block; });
    m_spare.push_back(std::move(*at));
    m_active.erase(at);
}

void Machine::makeReady(Thread& thread)
{
    thread.state = State::ready;
    m_ready.push_back(&thread);
}

Thread* Machine::takeReady()
{
    if (m_shuffles)
        std::swap(m_ready.front(), m_ready[m_draws.below(m_ready.size())]);
    Thread* const thread = m_ready.front();
    m_ready.pop_front();
    return thread;
}

void Machine::run(const LaunchShape& shape, const std::function<void()>& body)
{
    if (running)
        throw Fault("kernel " + shape.name + ": launched from a kernel");
    if (shape.grid < 1 || shape.block < kWarp || shape.block > kMostThreads
        || shape.block % kWarp != 0)
        throw Fault("kernel " + shape.name + ": cannot run " + std::to_string(shape.grid)
            + " blocks of " + std::to_string(shape.block) + " threads");
    if (shape.shared_bytes > options().shared_limit)
        throw Fault("kernel " + shape.name + ": asks for " + std::to_string(shape.shared_bytes)
            + " bytes of shared memory");
    const uint64_t seed = options().seed;
    m_shape = shape;
    m_body = &body;
    m_shuffles = seed != 0;
    m_draws = Draws(seed);
    m_order.resize(size_t(shape.grid));
    std::iota(m_order.begin(), m_order.end(), 0);
    for (size_t i = m_order.size(); m_shuffles && i > 1; i--)
        std::swap(m_order[i - 1], m_order[m_draws.below(i)]);
    m_next_block = 0;
    m_ready.clear();
    for (auto& block : m_active) // left by a fault
        m_spare.push_back(std::move(block));
    m_active.clear();
    m_idle_switches = 0;
    const size_t at_once = m_shuffles ? 1 + m_draws.below(3) : 1;
    struct Guard
    {
        Machine& machine;
        ~Guard()
        {
            machine.running = nullptr;
            t_position = nullptr;
        }
    } guard{*this};
    while (m_next_block < m_order.size() || !m_active.empty()) {
        while (m_next_block < m_order.size() && m_active.size() < at_once)
            startBlock();
        if (m_ready.empty())
            reportBlocked();
        running = takeReady();
        t_position = &running->position;
        if (running->fiber->resume())
            threadEnded(*running);
        if (m_idle_switches > kIdleSwitches) {
            if (m_next_block == m_order.size())
                fault("waits forever for another block", running->place);
            startBlock();
            m_idle_switches = 0;
        }
    }
}

void Machine::threadEnded(Thread& thread)
{
    if (thread.error)
        std::rethrow_exception(thread.error);
    if (!thread.copies.empty())
        throw Fault(where(thread) + ": ended while copies were under way");
    if (m_shape.is_early && !thread.has_waited)
        throw Fault(where(thread) + ": ended without waiting for the kernels before");
    m_idle_switches = 0;
    Block& block = *thread.block;
    block.n_alive--;
    if (block.n_alive == 0)
        endBlock(block);
    else if (block.n_waiting == block.n_alive)
        releaseBarrier(block);
}

void Machine::reportBlocked() const
{
    std::ostringstream text;
    text << "kernel " << m_shape.name << ": blocked forever";
    for (const auto& block : m_active) {
        for (size_t w = 0; w < block->warps.size(); w++) {
            const Thread* const first = &block->threads[w * kWarp];
            int n_barrier = 0, n_warp = 0, n_ended = 0;
            std::optional<Place> barrier, meeting;
            for (int i = 0; i < kWarp; i++) {
                n_barrier += first[i].state == State::in_block;
                n_warp += first[i].state == State::in_warp;
                n_ended += first[i].state == State::ended;
                if (first[i].state == State::in_block)
                    barrier = first[i].place;
                if (first[i].state == State::in_warp)
                    meeting = first[i].place;
            }
            text << "; block " << block->index << ", warp " << w << ": " << n_ended << " ended";
            if (barrier)
                text << ", " << n_barrier << " at a barrier, " << describe(*barrier);
            if (meeting)
                text << ", " << n_warp << " in an operation of the warp, " << describe(*meeting);
        }
    }
    throw Fault(text.str());
}

void Machine::meetInWarp(Finish finish, void* deposit, const Place& place)
{
    Thread& thread = *running;
    Warp& warp = thread.block->warps[size_t(thread.position.thread / kWarp)];
    const int lane = thread.position.thread % kWarp;
    if (warp.n_waiting == 0) {
        warp.finish = finish;
        warp.place = place;
    } else if (warp.finish != finish || !isSame(warp.place, place)) {
        fault("meets lanes that wait elsewhere, " + describe(warp.place) + ',', place);
    }
    warp.deposits[lane] = deposit;
    thread.place = place;
    if (++warp.n_waiting < kWarp) {
        thread.state = State::in_warp;
        thread.fiber->yield();
        return;
    }
    m_idle_switches = 0;
    warp.n_waiting = 0;
    finish(warp.deposits);
    Thread* const first = &thread.block->threads[size_t(thread.position.thread - lane)];
    for (int i = 0; i < kWarp; i++) {
        if (i != lane)
            makeReady(first[i]);
    }
}

void Machine::releaseBarrier(Block& block)
{
    m_idle_switches = 0;
    block.n_waiting = 0;
    block.result = block.votes;
    for (Thread& thread : block.threads) {
        if (thread.state == State::in_block)
            makeReady(thread);
    }
}

Votes Machine::meetInBlock(bool vote, const Place& place)
{
    Thread& thread = *running;
    Block& block = *thread.block;
    if (block.n_waiting == 0) {
        block.place = place;
        block.votes = {vote, vote};
    } else if (!isSame(block.place, place)) {
        fault("meets threads at another barrier, " + describe(block.place) + ',', place);
    }
    block.votes.any = block.votes.any || vote;
    block.votes.all = block.votes.all && vote;
    block.n_waiting++;
    thread.place = place;
    thread.state = State::in_block;
    if (block.n_waiting == block.n_alive)
        releaseBarrier(block);
    thread.fiber->yield();
    return block.result;
}

void Machine::letOthersRun(const Place& place)
{
    m_idle_switches++;
    running->place = place;
    makeReady(*running);
    running->fiber->yield();
}

void* Machine::staticShared(const void* declaration, size_t bytes)
{
    Block& block = *running->block;
    for (const auto& [key, memory] : block.static_memory) {
        if (key == declaration)
            return memory.data();
    }
    block.shared_bytes += bytes;
    if (block.shared_bytes > options().shared_limit)
        throw Fault(where(*running) + ": takes " + std::to_string(block.shared_bytes)
            + " bytes of shared memory");
    block.static_memory.emplace_back(declaration, BlockMemory(bytes));
    return block.static_memory.back().second.data();
}

namespace {

void land(const Copy& copy)
{
    if (copy.from)
        std::memcpy(copy.to, copy.from, 16);
    else
        std::memset(copy.to, 0, 16);
}

} // namespace

void Machine::beginCopy(void* to, const void* from)
{
    Thread& thread = *running;
    const Copy copy{to, from};
    // A piece that lands at once has still to be waited for: the next seed may hold it back.
    if (m_shuffles && m_draws.below(2) == 0)
        land(copy);
    thread.copies.push_back(copy);
    thread.open_copies++;
}

void Machine::waitCopies(int groups_left)
{
    Thread& thread = *running;
    while (thread.groups.size() > size_t(groups_left)) {
        const size_t n = thread.groups.front();
        for (size_t i = 0; i < n; i++)
            land(thread.copies[i]);
        thread.copies.erase(thread.copies.begin(), thread.copies.begin() + long(n));
        thread.groups.erase(thread.groups.begin());
    }
}

Options& options()
{
    thread_local Options instance;
    return instance;
}

void runGrid(const LaunchShape& shape, const std::function<void()>& thread)
{
    machine().run(shape, thread);
}

std::string nameOfFunction(const void* function)
{
    Dl_info info{};
    if (dladdr(function, &info) != 0 && info.dli_sname && info.dli_saddr == function) {
        int status = 0;
        const std::unique_ptr<char, void (*)(void*)> plain(
            abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status), &std::free);
        return status == 0 ? plain.get() : info.dli_sname;
    }
    std::ostringstream text;
    text << "at " << function;
    return text.str();
}

const Position& position()
{
    static const Position none;
    return t_position ? *t_position : none;
}

void meetInWarp(Finish finish, void* deposit, const Place& place)
{
    machine().meetInWarp(finish, deposit, place);
}

Votes meetInBlock(bool vote, const Place& place)
{
    return machine().meetInBlock(vote, place);
}

void letOthersRun(const Place& place)
{
    machine().letOthersRun(place);
}

void* dynamicSharedBytes()
{
    return machine().running->block->dynamic_memory.data();
}

void* staticShared(const void* declaration, size_t bytes)
{
    return machine().staticShared(declaration, bytes);
}

void noteWait()
{
    machine().running->has_waited = true;
}

bool hasWaited()
{
    return machine().running->has_waited;
}

void failAt(const std::string& what, const Place& place)
{
    machine().fault(what, place);
}

void checkAligned(const void* p, size_t alignment, const Place& place)
{
    if (reinterpret_cast<uintptr_t>(p) % alignment != 0)
        failAt("address that is not aligned to " + std::to_string(alignment), place);
}

void beginCopy(void* to, const void* from, const Place& place)
{
    checkAligned(to, 16, place);
    checkAligned(from, 16, place);
    machine().beginCopy(to, from);
}

void commitCopies()
{
    Thread& thread = *machine().running;
    thread.groups.push_back(thread.open_copies);
    thread.open_copies = 0;
}

void waitCopies(int groups_left)
{
    machine().waitCopies(groups_left);
}

} // namespace gorgon::cuda::emulation
