// SPDX-License-Identifier: Apache-2.0
#include "kernels/machine_speed.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "kernels/cpu/memory.h"
#include "kernels/cpu/processor.h"
#include "kernels/cpu/product.h"
#include "kernels/cpu/simd_targets.h"

#if defined(__linux__)
#include <unistd.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace gorgon {

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point begin)
{
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Runs work(thread) on all threads from one moment on; seconds until the last is done.
double timeThreads(int n_threads, const std::function<void(int)>& work)
{
    std::atomic<int> ready = 0;
    std::atomic<bool> go = false;
    std::vector<std::thread> threads;
    for (int t = 1; t < n_threads; t++) {
        threads.emplace_back([&, t] {
            ready++;
            while (!go.load(std::memory_order_acquire))
                std::this_thread::yield();
            work(t);
        });
    }
    while (ready.load() < n_threads - 1)
        std::this_thread::yield();
    const Clock::time_point begin = Clock::now();
    go.store(true, std::memory_order_release);
    work(0);
    for (std::thread& thread : threads)
        thread.join();
    return secondsSince(begin);
}

std::atomic<uint64_t> sink; // keeps results alive

// bytes: a multiple of 256.
uint64_t readPlain(const uint64_t* data, size_t bytes)
{
    uint64_t sums[4] = {};
    for (size_t i = 0; i < bytes / sizeof(uint64_t); i += 4)
        for (size_t j = 0; j < 4; j++)
            sums[j] ^= data[i + j];
    return sums[0] ^ sums[1] ^ sums[2] ^ sums[3];
}

// What a measured loop runs: `repeats` times kSums independent chains.
constexpr int kSums = 12;

#if defined(__x86_64__)

__attribute__((target("avx2"))) uint64_t readAvx2(const uint64_t* data, size_t bytes)
{
    // Four streams, as weights are read: one alone is slower on many machines.
    constexpr size_t kAhead = 2048, kStreams = 4;
    const size_t apart = bytes / kStreams;
    __m256i sums[kStreams] = {};
    const char* p = reinterpret_cast<const char*>(data);
    for (const char* const end = p + apart; p < end; p += 64) {
        for (size_t j = 0; j < kStreams; j++) {
            const char* const line = p + j * apart;
            _mm_prefetch(line + kAhead, _MM_HINT_T0);
            sums[j] = _mm256_xor_si256(sums[j],
                _mm256_xor_si256(_mm256_load_si256(reinterpret_cast<const __m256i*>(line)),
                    _mm256_load_si256(reinterpret_cast<const __m256i*>(line + 32))));
        }
    }
    const __m256i sum
        = _mm256_xor_si256(_mm256_xor_si256(sums[0], sums[1]), _mm256_xor_si256(sums[2], sums[3]));
    return uint64_t(_mm256_extract_epi64(sum, 0)) ^ uint64_t(_mm256_extract_epi64(sum, 3));
}

__attribute__((target("avx2,fma"))) uint64_t multiplyAvx2(int64_t repeats)
{
    __m256 sums[kSums];
    for (__m256& sum : sums)
        sum = _mm256_set1_ps(1);
    const __m256 a = _mm256_set1_ps(0.999F), b = _mm256_set1_ps(0.001F);
    for (int64_t i = 0; i < repeats; i++) {
#pragma GCC unroll 12
        for (__m256& sum : sums)
            sum = _mm256_fmadd_ps(sum, a, b);
    }
    uint64_t bits = 0;
    for (const __m256& sum : sums)
        bits += uint64_t(_mm256_cvtss_f32(sum));
    return bits;
}

__attribute__((target("avx512f"))) uint64_t multiplyAvx512(int64_t repeats)
{
    __m512 sums[kSums];
    for (__m512& sum : sums)
        sum = _mm512_set1_ps(1);
    const __m512 a = _mm512_set1_ps(0.999F), b = _mm512_set1_ps(0.001F);
    for (int64_t i = 0; i < repeats; i++) {
#pragma GCC unroll 12
        for (__m512& sum : sums)
            sum = _mm512_fmadd_ps(sum, a, b);
    }
    uint64_t bits = 0;
    for (const __m512& sum : sums)
        bits += uint64_t(_mm512_cvtss_f32(sum));
    return bits;
}

__attribute__((target("avx512f,avx512bf16"))) uint64_t multiplyBf16(int64_t repeats)
{
    __m512 sums[kSums];
    for (__m512& sum : sums)
        sum = _mm512_set1_ps(0);
    const __m512bh a = (__m512bh)_mm512_set1_epi32(0x3F803F80),
                   b = (__m512bh)_mm512_set1_epi32(0x3A803A80);
    for (int64_t i = 0; i < repeats; i++) {
#pragma GCC unroll 12
        for (__m512& sum : sums)
            sum = _mm512_dpbf16_ps(sum, a, b);
    }
    uint64_t bits = 0;
    for (const __m512& sum : sums)
        bits += uint64_t(_mm512_cvtss_f32(sum));
    return bits;
}

__attribute__((target("avx512f,avx512vnni"))) uint64_t multiplyInt8(int64_t repeats)
{
    __m512i sums[kSums];
    for (__m512i& sum : sums)
        sum = _mm512_setzero_si512();
    const __m512i a = _mm512_set1_epi8(1), b = _mm512_set1_epi8(2);
    for (int64_t i = 0; i < repeats; i++) {
#pragma GCC unroll 12
        for (__m512i& sum : sums)
            sum = _mm512_dpbusd_epi32(sum, a, b);
    }
    uint64_t bits = 0;
    for (const __m512i& sum : sums) {
        alignas(64) int32_t lanes[16];
        _mm512_store_si512(lanes, sum);
        bits += uint64_t(lanes[0]);
    }
    return bits;
}

// Two tiles of sums in turn; inputs of zeros take as long as others.
struct alignas(64) TileConfig
{
    uint8_t palette = 1;
    uint8_t zeros[15] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16};
};
constexpr int kTileSums = 16 * 16;

__attribute__((target("amx-tile,amx-bf16"))) uint64_t multiplyBf16Tiles(int64_t repeats)
{
    TileConfig config;
    __asm__ volatile("" ::"r"(&config) : "memory");
    _tile_loadconfig(&config);
    for (int64_t i = 0; i < repeats; i++) {
        for (int j = 0; j < kSums; j += 2) {
            _tile_dpbf16ps(0, 2, 3);
            _tile_dpbf16ps(1, 2, 3);
        }
    }
    _tile_release();
    return uint64_t(repeats);
}

__attribute__((target("amx-tile,amx-int8"))) uint64_t multiplyInt8Tiles(int64_t repeats)
{
    TileConfig config;
    __asm__ volatile("" ::"r"(&config) : "memory");
    _tile_loadconfig(&config);
    for (int64_t i = 0; i < repeats; i++) {
        for (int j = 0; j < kSums; j += 2) {
            _tile_dpbsud(0, 2, 3);
            _tile_dpbsud(1, 2, 3);
        }
    }
    _tile_release();
    return uint64_t(repeats);
}

__attribute__((target("avxvnni"))) uint64_t multiplyInt8Avx2(int64_t repeats)
{
    __m256i sums[kSums];
    for (__m256i& sum : sums)
        sum = _mm256_setzero_si256();
    const __m256i a = _mm256_set1_epi8(1), b = _mm256_set1_epi8(2);
    for (int64_t i = 0; i < repeats; i++) {
#pragma GCC unroll 12
        for (__m256i& sum : sums)
            sum = _mm256_dpbusd_avx_epi32(sum, a, b);
    }
    uint64_t bits = 0;
    for (const __m256i& sum : sums)
        bits += uint64_t(_mm256_extract_epi32(sum, 0));
    return bits;
}

#elif defined(__aarch64__)

uint64_t multiplyNeon(int64_t repeats)
{
    float32x4_t sums[kSums];
    for (float32x4_t& sum : sums)
        sum = vdupq_n_f32(1);
    const float32x4_t a = vdupq_n_f32(0.999F), b = vdupq_n_f32(0.001F);
    for (int64_t i = 0; i < repeats; i++) {
#pragma GCC unroll 12
        for (float32x4_t& sum : sums)
            sum = vfmaq_f32(b, sum, a);
    }
    uint64_t bits = 0;
    for (const float32x4_t& sum : sums)
        bits += uint64_t(vgetq_lane_f32(sum, 0));
    return bits;
}

#if defined(GORGON_NEON_DOT)

#if !defined(__ARM_FEATURE_DOTPROD)
__attribute__((target("arch=armv8.2-a+dotprod")))
#endif
uint64_t
multiplyInt8Neon(int64_t repeats)
{
    int32x4_t sums[kSums];
    for (int32x4_t& sum : sums)
        sum = vdupq_n_s32(0);
    const int8x16_t a = vdupq_n_s8(1), b = vdupq_n_s8(2);
    for (int64_t i = 0; i < repeats; i++) {
#pragma GCC unroll 12
        for (int32x4_t& sum : sums)
            sum = vdotq_s32(sum, a, b);
    }
    uint64_t bits = 0;
    for (const int32x4_t& sum : sums)
        bits += uint64_t(vgetq_lane_s32(sum, 0));
    return bits;
}

#endif
#endif

[[maybe_unused]] uint64_t multiplyPlain(int64_t repeats)
{
    constexpr int kLanes = 4;
    float sums[kSums * kLanes];
    std::fill(std::begin(sums), std::end(sums), 1.0F);
    for (int64_t i = 0; i < repeats; i++)
        for (float& sum : sums)
            sum = sum * 0.999F + 0.001F;
    uint64_t bits = 0;
    for (const float sum : sums)
        bits += uint64_t(sum);
    return bits;
}

using Multiply = uint64_t (*)(int64_t repeats);

/// 1e9 multiply-adds a second; `width` of them in one instruction.
double measureLoop(int n_threads, Multiply multiply, int width)
{
    constexpr double kSeconds = 0.03;
    int64_t repeats = 100000;
    double best = 0;
    for (int round = 0; round < 8; round++) {
        const double seconds = timeThreads(n_threads, [&](int) { sink += multiply(repeats); });
        best = std::max(best, double(repeats) * kSums * width * n_threads / seconds / 1e9);
        if (seconds < kSeconds)
            repeats = int64_t(
                double(repeats) * std::clamp(1.2 * kSeconds / std::max(seconds, 1e-6), 1.0, 50.0));
        else if (round >= 3)
            break;
    }
    return best;
}

/// Memory larger than what the caches of common machines give one process, but at most half of what
/// is free.
Buffer largeMemory()
{
    size_t bytes = size_t(1) << 30;
#if defined(__linux__)
    const long pages = sysconf(_SC_AVPHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page_bytes > 0)
        bytes = std::min(bytes, size_t(pages) * size_t(page_bytes) / 2);
#endif
    return allocateHost(std::max(bytes, size_t(32) << 20));
}

} // namespace

double measureReadBandwidth(int n_threads)
{
    const int n = std::max(1, n_threads);
    const Buffer memory = largeMemory();
    const size_t each = memory.bytes() / size_t(n) / 4096 * 4096;
    char* const data = memory.as<char>();
    timeThreads(n, [&](int t) { std::memset(data + size_t(t) * each, 1, each); });
    uint64_t (*read)(const uint64_t*, size_t) = readPlain;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        read = readAvx2;
#endif
    double best = 0;
    for (int round = 0; round < 2; round++) {
        const double seconds = timeThreads(n, [&](int t) {
            sink += read(reinterpret_cast<const uint64_t*>(data + size_t(t) * each), each);
        });
        best = std::max(best, double(each) * n / seconds / 1e9);
    }
    return best;
}

MachinePeaks measureMultiplyAdd(int n_threads)
{
    const int n = std::max(1, n_threads);
    MachinePeaks peaks;
#if defined(__x86_64__)
    if (mayUse(Instructions::avx512))
        peaks.f32 = measureLoop(n, multiplyAvx512, 16);
    else if (mayUse(Instructions::avx2))
        peaks.f32 = measureLoop(n, multiplyAvx2, 8);
    else
        peaks.f32 = measureLoop(n, multiplyPlain, 4);
    peaks.bf16_passes = mayUse(Instructions::amx) ? 2 : prefersBf16Dot() ? 1 : 0;
    peaks.bf16_from = kWideFrom;
    if (mayUse(Instructions::amx)) {
        peaks.bf16 = measureLoop(n, multiplyBf16Tiles, kTileSums * 32);
        peaks.int8 = measureLoop(n, multiplyInt8Tiles, kTileSums * 64);
        return peaks;
    }
    if (mayUse(Instructions::avx512_bf16))
        peaks.bf16 = measureLoop(n, multiplyBf16, 32);
    if (mayUse(Instructions::avx512_vnni))
        peaks.int8 = measureLoop(n, multiplyInt8, 64);
    else if (mayUse(Instructions::avx2_vnni))
        peaks.int8 = measureLoop(n, multiplyInt8Avx2, 32);
#elif defined(__aarch64__)
    peaks.f32 = measureLoop(n, multiplyNeon, 4);
#if defined(GORGON_NEON_DOT)
    if (mayUse(Instructions::neon_dot))
        peaks.int8 = measureLoop(n, multiplyInt8Neon, 16);
#endif
#else
    peaks.f32 = measureLoop(n, multiplyPlain, 4);
#endif
    return peaks;
}

} // namespace gorgon
