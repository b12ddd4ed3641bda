// SPDX-License-Identifier: Apache-2.0
// Runs kernels on the processor: one fiber per thread of a block. A barrier or an operation of a
// warp yields until all have come; which thread and which block runs next is drawn from a seed, so
// that a result that depends on the order shows. Shared memory starts as NaN and overruns of it are
// errors. What a device leaves undefined throws Fault: threads that wait forever, lanes of a warp
// at different places, copies that nobody waited for, addresses that are not aligned. It cannot
// prove time, memory order between blocks, or bank conflicts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <stdexcept>
#include <string>

#include "kernels/cuda/device_limits.h"

namespace gorgon::cuda::emulation {

class Fault : public std::logic_error
{
public:
    using std::logic_error::logic_error;
};

/// Of this thread's next launches.
struct Options
{
    uint64_t seed = 0; // 0: threads and blocks in ascending order, one block at a time
    size_t shared_limit = kSharedOfEvery;
};
Options& options();

/// What runs between the fibers.
struct LaunchShape
{
    int grid = 0;
    int block = 0;
    size_t shared_bytes = 0;
    std::string name; // of the kernel, as far as it is known
    bool is_early = false; // every thread must call waitForPredecessor
};
/// Runs `thread` once per thread of every block. Throws Fault.
void runGrid(const LaunchShape& shape, const std::function<void()>& thread);

/// The name of a function of this program, or its address.
std::string nameOfFunction(const void* function);

// Called by kernels.

using Place = std::source_location;

struct Position
{
    int thread = 0;
    int block = 0;
    int n_threads = 0;
    int n_blocks = 0;
};
const Position& position();

/// Deposits a pointer; when the last lane of the warp has come, finish(pointers of lanes 0 ... 31)
/// runs.
using Finish = void (*)(void* const* lanes);
void meetInWarp(Finish finish, void* deposit, const Place& place);

/// Barrier of the block. vote: what any and all are taken of.
struct Votes
{
    bool any = false;
    bool all = false;
};
Votes meetInBlock(bool vote, const Place& place);

/// Lets others run; for what waits for another block.
void letOthersRun(const Place& place);

void* dynamicSharedBytes();
/// The block's memory of one declaration, named by an address that is the declaration's alone.
void* staticShared(const void* declaration, size_t bytes);

/// cp.async of one 16-byte piece, by this thread. source nullptr: zeros.
void beginCopy(void* to, const void* from, const Place& place);
void commitCopies();
void waitCopies(int groups_left);

/// This thread has waited for the kernels before this one.
void noteWait();
bool hasWaited();

/// Throws a Fault that names the thread.
[[noreturn]] void failAt(const std::string& what, const Place& place);
void checkAligned(const void* p, size_t alignment, const Place& place);

} // namespace gorgon::cuda::emulation
