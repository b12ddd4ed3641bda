// SPDX-License-Identifier: Apache-2.0
// All that a kernel may use of a device, with two meanings: CUDA under nvcc, and plain C++ under
// GORGON_CUDA_EMULATED, where a fiber stands for a thread (tests/kernels/cuda/emulation.h).
//
//   GORGON_KERNEL GORGON_LAUNCH_BOUNDS(256, 1) void name(arguments by value)
//   GORGON_DEVICE float function(...)        inlined; on the device
//   GORGON_HOST_DEVICE int function(...)     inlined; on both sides
//   GORGON_SHARED(float, name, 128);         name[0 ... 127] of the block; use no sizeof(name)
//   float* all = dynamicShared<float>();     the bytes that launch() asked for, aligned to 128
//
// Grids and blocks have one dimension; a block has whole warps of 32. Operations of a warp need all
// of its lanes, alive and at the same place; so does syncThreads of a block's threads. Where bits
// matter write addRn, mulRn, fmaRn: template instances may contract differently.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/device_limits.h"

#ifdef GORGON_CUDA_EMULATED
#include "tests/kernels/cuda/device_emulated.h"
#else

#include <cuda_runtime.h>

#define GORGON_KERNEL __global__
#define GORGON_DEVICE __device__ __forceinline__
#define GORGON_HOST_DEVICE __host__ __device__ __forceinline__
#define GORGON_LAUNCH_BOUNDS(threads, blocks_per_sm) __launch_bounds__(threads, blocks_per_sm)
#define GORGON_SHARED(T, name, count) __shared__ __align__(16) T name[count]
#define GORGON_UNROLL _Pragma("unroll")
#define GORGON_NO_UNROLL _Pragma("unroll 1")

namespace gorgon::cuda {

GORGON_DEVICE int threadIndex()
{
    return int(threadIdx.x);
}
GORGON_DEVICE int blockIndex()
{
    return int(blockIdx.x);
}
GORGON_DEVICE int blockCount()
{
    return int(gridDim.x);
}
GORGON_DEVICE int blockThreads()
{
    return int(blockDim.x);
}
GORGON_DEVICE int laneIndex()
{
    return int(threadIdx.x & 31U);
}
/// Of the block.
GORGON_DEVICE int warpIndex()
{
    return int(threadIdx.x >> 5U);
}

extern __shared__ __align__(128) unsigned char gorgon_dynamic_shared[];
template <typename T> GORGON_DEVICE T* dynamicShared()
{
    return reinterpret_cast<T*>(gorgon_dynamic_shared);
}

GORGON_DEVICE void syncThreads()
{
    __syncthreads();
}
GORGON_DEVICE void syncWarp()
{
    __syncwarp();
}
GORGON_DEVICE void threadFence()
{
    __threadfence();
}
GORGON_DEVICE void threadFenceSystem()
{
    __threadfence_system();
}
/// Whether p holds in any, or in every, thread of the block; a barrier.
GORGON_DEVICE bool anyInBlock(bool p)
{
    return __syncthreads_or(p ? 1 : 0) != 0;
}
GORGON_DEVICE bool allInBlock(bool p)
{
    return __syncthreads_and(p ? 1 : 0) != 0;
}

/// T: 32 or 64 bits. A lane beyond the warp: the caller's own value.
template <typename T> GORGON_DEVICE T shuffle(T v, int lane)
{
    return __shfl_sync(0xFFFFFFFFU, v, lane);
}
template <typename T> GORGON_DEVICE T shuffleXor(T v, int mask)
{
    return __shfl_xor_sync(0xFFFFFFFFU, v, mask);
}
template <typename T> GORGON_DEVICE T shuffleDown(T v, int n)
{
    return __shfl_down_sync(0xFFFFFFFFU, v, unsigned(n));
}
/// Bit i: p of lane i.
GORGON_DEVICE uint32_t ballot(bool p)
{
    return __ballot_sync(0xFFFFFFFFU, p ? 1 : 0);
}

/// Give the value before. Not of floats: their sums would depend on the order.
GORGON_DEVICE int atomicAddInt(int* p, int v)
{
    return atomicAdd(p, v);
}
/// Adds 1. What this thread, and before a barrier its block, wrote is seen by who takes a later
/// ticket, and by its block behind a barrier.
GORGON_DEVICE int takeTicket(int* p)
{
    int before;
    asm volatile("atom.acq_rel.gpu.global.add.s32 %0, [%1], 1;" : "=r"(before) : "l"(p) : "memory");
    return before;
}
GORGON_DEVICE uint64_t atomicMax64(uint64_t* p, uint64_t v)
{
    return atomicMax(reinterpret_cast<unsigned long long*>(p), static_cast<unsigned long long>(v));
}
GORGON_DEVICE int loadAcquire(const int* p)
{
    int v;
    asm volatile("ld.acquire.gpu.global.s32 %0, [%1];" : "=r"(v) : "l"(p) : "memory");
    return v;
}
GORGON_DEVICE void storeRelease(int* p, int v)
{
    asm volatile("st.release.gpu.global.s32 [%0], %1;" ::"l"(p), "r"(v) : "memory");
}

} // namespace gorgon::cuda

#endif
