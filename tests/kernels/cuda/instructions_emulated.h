// SPDX-License-Identifier: Apache-2.0
// Part of kernels/cuda/instructions.h: the same functions on the processor. A tensor core adds
// exact products in ascending k, each sum rounded to f32; a device groups and rounds otherwise.
#pragma once

#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>

#include "kernels/cpu/convert.h"
#include "tests/kernels/cuda/emulation.h"

namespace gorgon::cuda {

inline float addRn(float a, float b)
{
    return a + b;
}
inline float subRn(float a, float b)
{
    return a - b;
}
inline float mulRn(float a, float b)
{
    return a * b;
}
inline float divRn(float a, float b)
{
    return a / b;
}
inline float sqrtRn(float a)
{
    return std::sqrt(a);
}
inline float fmaRn(float a, float b, float c)
{
    return std::fma(a, b, c);
}
inline float exp2Approx(float x)
{
    return std::exp2(x);
}
inline float expAccurate(float x)
{
    return std::exp(x);
}
inline float logAccurate(float x)
{
    return std::log(x);
}
inline float log1pAccurate(float x)
{
    return std::log1p(x);
}
inline uint32_t bitsOfFloat(float x)
{
    return std::bit_cast<uint32_t>(x);
}
inline float floatOfBits(uint32_t bits)
{
    return std::bit_cast<float>(bits);
}

inline float toFloat(Bf16 x)
{
    return floatOfBf16(x.bits);
}
inline float toFloat(Half x)
{
    return floatOfF16(x.bits);
}
template <typename T> T fromFloat(float x);
template <> inline Bf16 fromFloat<Bf16>(float x)
{
    return {std::isnan(x) ? uint16_t(0x7FFF) : bf16OfFloat(x)};
}
template <> inline Half fromFloat<Half>(float x)
{
    return {std::isnan(x) ? uint16_t(0x7FFF) : f16OfFloat(x)};
}

template <uint32_t mask, uint32_t bits> GORGON_DEVICE uint32_t andOr(uint32_t x)
{
    return (x & mask) | bits;
}
template <uint32_t mask, uint32_t bits> GORGON_DEVICE uint32_t andXor(uint32_t x)
{
    return (x & mask) ^ bits;
}

inline uint32_t fmaBf16Pair(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t y = 0;
    for (unsigned shift = 0; shift < 32; shift += 16) {
        const auto half = [&](uint32_t v) { return toFloat(Bf16{uint16_t(v >> shift)}); };
        // A product of bf16 is exact in f32; its sum is exact in f64 unless exponents lie far
        // apart.
        const double sum = double(half(a)) * double(half(b)) + double(half(c));
        y |= uint32_t(fromFloat<Bf16>(float(sum)).bits) << shift;
    }
    return y;
}
/// The product of two f16 is exact in f32, their sum in f64.
inline uint32_t fmaHalfPair(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t y = 0;
    for (unsigned shift = 0; shift < 32; shift += 16) {
        const auto half = [&](uint32_t v) { return toFloat(Half{uint16_t(v >> shift)}); };
        const double sum = double(half(a)) * double(half(b)) + double(half(c));
        y |= uint32_t(fromFloat<Half>(float(sum)).bits) << shift;
    }
    return y;
}

inline int64_t deviceNanoseconds()
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

struct MmaLane
{
    float* c;
    const uint32_t* a;
    const uint32_t* b;
};

template <typename T> void finishMma(void* const* lanes)
{
    float a[16][16], b[16][8], c[16][8];
    const auto pair = [](uint32_t word, float& lo, float& hi) {
        lo = toFloat(T{uint16_t(word)});
        hi = toFloat(T{uint16_t(word >> 16U)});
    };
    for (int i = 0; i < kWarp; i++) {
        const auto& lane = *static_cast<const MmaLane*>(lanes[i]);
        const int g = i / 4, k = i % 4 * 2;
        for (int part = 0; part < 4; part++) {
            float* const to = a[g + part % 2 * 8] + k + part / 2 * 8;
            pair(lane.a[part], to[0], to[1]);
        }
        for (int part = 0; part < 2; part++)
            pair(lane.b[part], b[k + part * 8][g], b[k + part * 8 + 1][g]);
        for (int part = 0; part < 4; part++)
            c[g + part / 2 * 8][k + part % 2] = lane.c[part];
    }
    for (int row = 0; row < 16; row++) {
        for (int k = 0; k < 16; k++) {
            for (int col = 0; col < 8; col++)
                c[row][col] += a[row][k] * b[k][col];
        }
    }
    for (int i = 0; i < kWarp; i++) {
        const auto& lane = *static_cast<const MmaLane*>(lanes[i]);
        for (int part = 0; part < 4; part++)
            lane.c[part] = c[i / 4 + part / 2 * 8][i % 4 * 2 + part % 2];
    }
}

template <typename T>
void mma16816(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
    const emulation::Place& place = emulation::Place::current())
{
    MmaLane mine{c, a, b};
    emulation::meetInWarp(&finishMma<T>, &mine, place);
}

struct MatrixLane
{
    uint32_t* r;
    const unsigned char* row;
};

template <bool is_transposed> void finishLoadMatrix(void* const* lanes)
{
    uint16_t rows[4][8][8];
    for (int i = 0; i < kWarp; i++)
        std::memcpy(rows[i / 8][i % 8], static_cast<const MatrixLane*>(lanes[i])->row, 16);
    for (int i = 0; i < kWarp; i++) {
        const int g = i / 4, t = i % 4;
        for (int part = 0; part < 4; part++) {
            const auto& of = rows[part];
            const uint16_t lo = is_transposed ? of[2 * t][g] : of[g][2 * t];
            const uint16_t hi = is_transposed ? of[2 * t + 1][g] : of[g][2 * t + 1];
            static_cast<const MatrixLane*>(lanes[i])->r[part] = uint32_t(lo) | uint32_t(hi) << 16U;
        }
    }
}

inline void loadMatrix4(uint32_t (&r)[4], const void* shared_row,
    const emulation::Place& place = emulation::Place::current())
{
    emulation::checkAligned(shared_row, 16, place);
    MatrixLane mine{r, static_cast<const unsigned char*>(shared_row)};
    emulation::meetInWarp(&finishLoadMatrix<false>, &mine, place);
}
inline void loadMatrix4Transposed(uint32_t (&r)[4], const void* shared_row,
    const emulation::Place& place = emulation::Place::current())
{
    emulation::checkAligned(shared_row, 16, place);
    MatrixLane mine{r, static_cast<const unsigned char*>(shared_row)};
    emulation::meetInWarp(&finishLoadMatrix<true>, &mine, place);
}

inline Words4 loadWords4(const void* p, const emulation::Place& place = emulation::Place::current())
{
    emulation::checkAligned(p, sizeof(Words4), place);
    Words4 v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
inline Words4 loadFresh4(const void* p, const emulation::Place& place = emulation::Place::current())
{
    return loadWords4(p, place);
}
inline Words2 loadWords2(const void* p, const emulation::Place& place = emulation::Place::current())
{
    emulation::checkAligned(p, sizeof(Words2), place);
    Words2 v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
inline void storeWords4(
    void* p, Words4 v, const emulation::Place& place = emulation::Place::current())
{
    emulation::checkAligned(p, sizeof(Words4), place);
    std::memcpy(p, &v, sizeof v);
}

inline void partSchedule(
    bool is_impossible, const emulation::Place& place = emulation::Place::current())
{
    if (is_impossible)
        emulation::failAt("the impossible happens", place);
}

template <typename T> const T* walk(const T* p, int64_t n)
{
    return p + n;
}

inline void waitForPredecessor()
{
    emulation::noteWait();
}
inline void letSuccessorBegin(const emulation::Place& place = emulation::Place::current())
{
    if (!emulation::hasWaited())
        emulation::failAt("a successor may begin before the predecessor has ended", place);
}

struct CachePolicy
{
};
inline CachePolicy cachePolicy(CacheUse)
{
    return {};
}

inline void copyAsync16(void* shared, const void* global, CachePolicy,
    const emulation::Place& place = emulation::Place::current())
{
    emulation::beginCopy(shared, global, place);
}
inline void copyAsync16Cached(
    void* shared, const void* global, const emulation::Place& place = emulation::Place::current())
{
    emulation::beginCopy(shared, global, place);
}
inline void copyAsync16OrZero(void* shared, const void* global, bool valid,
    const emulation::Place& place = emulation::Place::current())
{
    emulation::checkAligned(global, 16, place);
    emulation::beginCopy(shared, valid ? global : nullptr, place);
}
inline void commitCopies()
{
    emulation::commitCopies();
}
template <int N> void waitCopies()
{
    emulation::waitCopies(N);
}

} // namespace gorgon::cuda
