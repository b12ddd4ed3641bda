// SPDX-License-Identifier: Apache-2.0
// Part of kernels/cuda/device.h: the same words on the processor. Functions that wait take the
// place they are called from, so that a fault can name it.
#pragma once

#include <type_traits>

#include "tests/kernels/cuda/emulation.h"

#define GORGON_KERNEL
#define GORGON_DEVICE inline
#define GORGON_HOST_DEVICE inline
#define GORGON_LAUNCH_BOUNDS(threads, blocks_per_sm)
#define GORGON_SHARED(T, name, count)                                                              \
    static const char name##_declaration = 0;                                                      \
    T* const name = static_cast<T*>(                                                               \
        ::gorgon::cuda::emulation::staticShared(&name##_declaration, sizeof(T) * size_t(count)))
#define GORGON_UNROLL
#define GORGON_NO_UNROLL

namespace gorgon::cuda {

inline int threadIndex()
{
    return emulation::position().thread;
}
inline int blockIndex()
{
    return emulation::position().block;
}
inline int blockCount()
{
    return emulation::position().n_blocks;
}
inline int blockThreads()
{
    return emulation::position().n_threads;
}
inline int laneIndex()
{
    return emulation::position().thread % kWarp;
}
inline int warpIndex()
{
    return emulation::position().thread / kWarp;
}

template <typename T> T* dynamicShared()
{
    return static_cast<T*>(emulation::dynamicSharedBytes());
}

inline void syncThreads(const emulation::Place& place = emulation::Place::current())
{
    emulation::meetInBlock(false, place);
}
inline bool anyInBlock(bool p, const emulation::Place& place = emulation::Place::current())
{
    return emulation::meetInBlock(p, place).any;
}
inline bool allInBlock(bool p, const emulation::Place& place = emulation::Place::current())
{
    return emulation::meetInBlock(p, place).all;
}
inline void syncWarp(const emulation::Place& place = emulation::Place::current())
{
    emulation::meetInWarp([](void* const*) {}, nullptr, place);
}
// One block's stores are seen by all at once here.
inline void threadFence() { }
inline void threadFenceSystem() { }

/// Every lane's value and the lane that it wants.
template <typename T> struct Shuffled
{
    T value;
    T result;
    int from;
};

template <typename T> T shuffleFrom(T v, int from, const emulation::Place& place)
{
    static_assert(std::is_trivially_copyable_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
    Shuffled<T> mine{v, v, from};
    emulation::meetInWarp(
        [](void* const* lanes) {
            for (int i = 0; i < kWarp; i++) {
                auto& lane = *static_cast<Shuffled<T>*>(lanes[i]);
                if (lane.from >= 0 && lane.from < kWarp)
                    lane.result = static_cast<Shuffled<T>*>(lanes[lane.from])->value;
            }
        },
        &mine, place);
    return mine.result;
}
template <typename T>
T shuffle(T v, int lane, const emulation::Place& place = emulation::Place::current())
{
    return shuffleFrom(v, lane & (kWarp - 1), place);
}
template <typename T>
T shuffleXor(T v, int mask, const emulation::Place& place = emulation::Place::current())
{
    return shuffleFrom(v, laneIndex() ^ mask, place);
}
template <typename T>
T shuffleDown(T v, int n, const emulation::Place& place = emulation::Place::current())
{
    return shuffleFrom(v, laneIndex() + n, place);
}

struct Ballot
{
    bool p;
    uint32_t result;
};
inline uint32_t ballot(bool p, const emulation::Place& place = emulation::Place::current())
{
    Ballot mine{p, 0};
    emulation::meetInWarp(
        [](void* const* lanes) {
            uint32_t bits = 0;
            for (int i = 0; i < kWarp; i++)
                bits |= uint32_t(static_cast<const Ballot*>(lanes[i])->p) << i;
            for (int i = 0; i < kWarp; i++)
                static_cast<Ballot*>(lanes[i])->result = bits;
        },
        &mine, place);
    return mine.result;
}

inline int atomicAddInt(int* p, int v, const emulation::Place& place = emulation::Place::current())
{
    emulation::letOthersRun(place);
    const int before = *p;
    *p = before + v;
    return before;
}
inline int takeTicket(int* p, const emulation::Place& place = emulation::Place::current())
{
    return atomicAddInt(p, 1, place);
}
inline uint64_t atomicMax64(
    uint64_t* p, uint64_t v, const emulation::Place& place = emulation::Place::current())
{
    emulation::letOthersRun(place);
    const uint64_t before = *p;
    *p = before > v ? before : v;
    return before;
}
inline int loadAcquire(const int* p, const emulation::Place& place = emulation::Place::current())
{
    emulation::letOthersRun(place);
    return *p;
}
inline void storeRelease(int* p, int v, const emulation::Place& place = emulation::Place::current())
{
    emulation::letOthersRun(place);
    *p = v;
}

} // namespace gorgon::cuda
