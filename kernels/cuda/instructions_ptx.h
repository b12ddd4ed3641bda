// SPDX-License-Identifier: Apache-2.0
// Part of instructions.h: what it names, in PTX. Needs compute capability 8.0.
// Source: PTX ISA 9.0, "mma.m16n8k16", "ldmatrix", "cp.async", "createpolicy".
#pragma once

namespace gorgon::cuda {

// Arithmetic that is never contracted.
GORGON_DEVICE float addRn(float a, float b)
{
    return __fadd_rn(a, b);
}
GORGON_DEVICE float subRn(float a, float b)
{
    return __fsub_rn(a, b);
}
GORGON_DEVICE float mulRn(float a, float b)
{
    return __fmul_rn(a, b);
}
GORGON_DEVICE float divRn(float a, float b)
{
    return __fdiv_rn(a, b);
}
GORGON_DEVICE float sqrtRn(float a)
{
    return __fsqrt_rn(a);
}
GORGON_DEVICE float fmaRn(float a, float b, float c)
{
    return __fmaf_rn(a, b, c);
}

/// Within 2 ulp; 2^-inf = 0.
GORGON_DEVICE float exp2Approx(float x)
{
    float y;
    asm("ex2.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}
GORGON_DEVICE float expAccurate(float x)
{
    return expf(x);
}
GORGON_DEVICE float logAccurate(float x)
{
    return logf(x);
}
GORGON_DEVICE float log1pAccurate(float x)
{
    return log1pf(x);
}

GORGON_DEVICE uint32_t bitsOfFloat(float x)
{
    return __float_as_uint(x);
}
GORGON_DEVICE float floatOfBits(uint32_t bits)
{
    return __uint_as_float(bits);
}

GORGON_DEVICE float toFloat(Bf16 x)
{
    return __uint_as_float(uint32_t(x.bits) << 16U);
}
GORGON_DEVICE float toFloat(Half x)
{
    float y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
    return y;
}
/// Rounds to nearest even.
template <typename T> GORGON_DEVICE T fromFloat(float x);
template <> GORGON_DEVICE Bf16 fromFloat<Bf16>(float x)
{
    Bf16 y;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
    return y;
}
template <> GORGON_DEVICE Half fromFloat<Half>(float x)
{
    Half y;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
    return y;
}

/// (x & mask) | bits and (x & mask) ^ bits: one instruction each, of which nvcc makes two.
template <uint32_t mask, uint32_t bits> GORGON_DEVICE uint32_t andOr(uint32_t x)
{
    uint32_t y;
    asm("lop3.b32 %0, %1, %2, %3, 0xEA;" : "=r"(y) : "r"(x), "n"(mask), "n"(bits));
    return y;
}
template <uint32_t mask, uint32_t bits> GORGON_DEVICE uint32_t andXor(uint32_t x)
{
    uint32_t y;
    asm("lop3.b32 %0, %1, %2, %3, 0x6A;" : "=r"(y) : "r"(x), "n"(mask), "n"(bits));
    return y;
}

/// a * b + c of two pairs of bf16, each rounded once.
GORGON_DEVICE uint32_t fmaBf16Pair(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t y;
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(y) : "r"(a), "r"(b), "r"(c));
    return y;
}
/// The same of two pairs of f16.
GORGON_DEVICE uint32_t fmaHalfPair(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t y;
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(y) : "r"(a), "r"(b), "r"(c));
    return y;
}

/// c += a b, all of a warp: 16 x 16 by 16 x 8. Lane 4 g + t holds of a the pairs (g, 2t), (g + 8,
/// 2t), (g, 2t + 8), (g + 8, 2t + 8); of b (2t, g), (2t + 8, g); of c (g, 2t), (g, 2t + 1), (g + 8,
/// 2t), (g + 8, 2t + 1).
template <typename T>
GORGON_DEVICE void mma16816(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);
template <>
GORGON_DEVICE void mma16816<Half>(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2])
{
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
template <>
GORGON_DEVICE void mma16816<Bf16>(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2])
{
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/// Four 8 x 8 matrices of 16-bit values from shared memory: lane i names row i % 8 of matrix i / 8,
/// 16 bytes. Lane 4 g + t gets of each the pair (g, 2t), (g, 2t + 1); transposed: (2t, g), (2t + 1,
/// g).
GORGON_DEVICE void loadMatrix4(uint32_t (&r)[4], const void* shared_row)
{
    const auto at = uint32_t(__cvta_generic_to_shared(shared_row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(at)
                 : "memory");
}
GORGON_DEVICE void loadMatrix4Transposed(uint32_t (&r)[4], const void* shared_row)
{
    const auto at = uint32_t(__cvta_generic_to_shared(shared_row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(at)
                 : "memory");
}

GORGON_DEVICE Words4 loadWords4(const void* p)
{
    const uint4 v = *static_cast<const uint4*>(p);
    return {{v.x, v.y, v.z, v.w}};
}
/// What another block has written in this launch.
GORGON_DEVICE Words4 loadFresh4(const void* p)
{
    Words4 v;
    asm volatile("ld.global.cg.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.w[0]), "=r"(v.w[1]), "=r"(v.w[2]), "=r"(v.w[3])
                 : "l"(p)
                 : "memory");
    return v;
}
GORGON_DEVICE Words2 loadWords2(const void* p)
{
    const uint2 v = *static_cast<const uint2*>(p);
    return {{v.x, v.y}};
}
GORGON_DEVICE void storeWords4(void* p, Words4 v)
{
    *static_cast<uint4*>(p) = make_uint4(v.w[0], v.w[1], v.w[2], v.w[3]);
}

/// is_impossible: never true, which the compiler cannot know. Instructions are not scheduled across
/// it, so that fewer results wait in registers.
GORGON_DEVICE void partSchedule(bool is_impossible)
{
    if (is_impossible)
        asm volatile("trap;");
}

/// p + n, which the compiler does not take apart to keep multiples of n in registers.
template <typename T> GORGON_DEVICE const T* walk(const T* p, int64_t n)
{
    const T* to;
    asm("add.s64 %0, %1, %2;" : "=l"(to) : "l"(p), "l"(n * int64_t(sizeof(T))));
    __builtin_assume(__isGlobal(to)); // else it is read through the generic addresses
    return to;
}

/// Of a clock that runs while the device does; its steps are up to a microsecond.
GORGON_DEVICE int64_t deviceNanoseconds()
{
    int64_t now;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
    return now;
}

/// Waits until the kernels before this one on the stream are done and what they wrote is seen. One
/// that launchEarly() starts calls it before it touches anything that they read or write; in others
/// it does nothing.
GORGON_DEVICE void waitForPredecessor()
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
/// Lets the next kernel on the stream begin, if launchEarly() starts it, once every block has come
/// here or ended. Behind waitForPredecessor(), so that who waits for this kernel waits for all.
GORGON_DEVICE void letSuccessorBegin()
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

struct CachePolicy
{
    uint64_t bits;
};
GORGON_DEVICE CachePolicy cachePolicy(CacheUse use)
{
    CachePolicy policy;
    if (use == CacheUse::evict_first)
        asm("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(policy.bits));
    else
        asm("createpolicy.fractional.L2::evict_normal.b64 %0, 1.0;" : "=l"(policy.bits));
    return policy;
}

/// Copies 16 aligned bytes from global to shared memory, past the first-level cache. Seen by this
/// thread after waitCopies, by others after a barrier that follows it.
GORGON_DEVICE void copyAsync16(void* shared, const void* global, CachePolicy policy)
{
    const auto to = uint32_t(__cvta_generic_to_shared(shared));
    asm volatile("cp.async.cg.shared.global.L2::cache_hint [%0], [%1], 16, %2;" ::"r"(to),
                 "l"(global), "l"(policy.bits)
                 : "memory");
}
/// The same through the first-level cache, for what other warps of the block read as well.
GORGON_DEVICE void copyAsync16Cached(void* shared, const void* global)
{
    const auto to = uint32_t(__cvta_generic_to_shared(shared));
    asm volatile("cp.async.ca.shared.global [%0], [%1], 16;" ::"r"(to), "l"(global) : "memory");
}
/// Zeros where not valid; global is not read then, but must be a valid address.
GORGON_DEVICE void copyAsync16OrZero(void* shared, const void* global, bool valid)
{
    const auto to = uint32_t(__cvta_generic_to_shared(shared));
    const int bytes = valid ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(bytes)
                 : "memory");
}
/// Ends a group of copies; every thread must have waited for its last group before it ends.
GORGON_DEVICE void commitCopies()
{
    asm volatile("cp.async.commit_group;" ::: "memory");
}
/// Waits until at most the last N groups of this thread are under way.
template <int N> GORGON_DEVICE void waitCopies()
{
    asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

} // namespace gorgon::cuda
