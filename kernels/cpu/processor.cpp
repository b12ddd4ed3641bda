// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/processor.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <stdexcept>

#include "kernels/cpu/simd_targets.h"

#include "hwy/highway.h"
#include "hwy/targets.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace gorgon {

namespace {

constexpr const char* kNames[] = {"scalar", "neon", "neon_dot", "sse4", "avx2", "avx2_vnni",
    "avx512", "avx512_vnni", "avx512_bf16", "amx"};

#if defined(__x86_64__)

struct Leaf
{
    unsigned a = 0, b = 0, c = 0, d = 0;
};

Leaf leaf7(unsigned part)
{
    Leaf leaf;
    if (!__get_cpuid_count(7, part, &leaf.a, &leaf.b, &leaf.c, &leaf.d))
        return {};
    return leaf;
}

/// The system keeps the tiles of AMX for those processes alone that asked for them.
bool askForTiles()
{
#if defined(__linux__)
    constexpr int kRequest = 0x1023; // ARCH_REQ_XCOMP_PERM
    constexpr int kTileData = 18; // XFEATURE_XTILEDATA
    return syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
#else
    return false;
#endif
}

#endif

#if defined(GORGON_NEON_DOT)

bool hasDotOfBytes()
{
#if defined(__ARM_FEATURE_DOTPROD)
    return true;
#elif defined(__linux__)
    constexpr unsigned long kDot = 1UL << 20; // HWCAP_ASIMDDP
    return (getauxval(AT_HWCAP) & kDot) != 0;
#else
    return false;
#endif
}

#endif

/// Bits by Instructions. Asked once: cpuid is slow in virtual machines.
uint32_t present()
{
    static const uint32_t bits = [] {
        uint32_t result = 1;
        [[maybe_unused]] const auto add = [&](Instructions what, bool is_there) {
            if (is_there)
                result |= 1U << int(what);
        };
#if defined(__x86_64__)
        const Leaf seven = leaf7(0);
        const int64_t targets = hwy::SupportedTargets();
        const bool avx2 = (targets & HWY_AVX2) != 0, avx512 = (targets & HWY_AVX3) != 0;
        constexpr unsigned kAmx = 1U << 22 | 1U << 24 | 1U << 25; // bf16, tiles, int8
        add(Instructions::sse4, (targets & HWY_SSE4) != 0);
        add(Instructions::avx2, avx2);
        // Clang 14 has no name for bit 4 of EAX in leaf 7.1.
        add(Instructions::avx2_vnni, avx2 && (leaf7(1).a >> 4 & 1) != 0);
        add(Instructions::avx512, avx512);
        add(Instructions::avx512_vnni, avx512 && __builtin_cpu_supports("avx512vnni"));
        add(Instructions::avx512_bf16, avx512 && __builtin_cpu_supports("avx512bf16"));
        add(Instructions::amx,
            avx512 && __builtin_cpu_supports("avx512bf16") && (seven.d & kAmx) == kAmx
                && askForTiles());
#elif defined(__aarch64__)
        add(Instructions::neon, true);
#if defined(GORGON_NEON_DOT)
        add(Instructions::neon_dot, hasDotOfBytes());
#endif
#endif
        return result;
    }();
    return bits;
}

Instructions fromEnvironment()
{
    const char* const wanted = std::getenv("GORGON_INSTRUCTIONS");
    if (!wanted || !*wanted)
        return Instructions::amx;
    std::string known;
    for (size_t i = 0; i < std::size(kNames); i++) {
        if (std::strcmp(wanted, kNames[i]) == 0)
            return Instructions(i);
        known += (i == 0 ? "" : ", ") + std::string(kNames[i]);
    }
    throw std::runtime_error("GORGON_INSTRUCTIONS: expected one of " + known + ", found \""
        + std::string(wanted).substr(0, 40) + "\"");
}

void limitTargets([[maybe_unused]] Instructions most)
{
#if defined(__x86_64__)
    int64_t disabled = 0;
    if (most < Instructions::avx512)
        disabled |= HWY_AVX3;
    if (most < Instructions::avx2)
        disabled |= HWY_AVX2;
    if (most < Instructions::sse4)
        disabled |= HWY_SSE4;
    hwy::DisableTargets(disabled);
    hwy::GetChosenTarget().DeInit();
#endif
}

/// The limit, set by the environment when it is first asked for.
std::atomic<Instructions>& limit()
{
    static std::atomic<Instructions> most = [] {
        present(); // before targets are disabled
        const Instructions wanted = fromEnvironment();
        if (wanted != Instructions::amx)
            limitTargets(wanted);
        return wanted;
    }();
    return most;
}

} // namespace

std::string processorName()
{
#if defined(__x86_64__)
    std::array<uint32_t, 12> words{};
    if (uint32_t(__get_cpuid_max(0x80000000U, nullptr)) >= 0x80000004U) {
        for (uint32_t i = 0; i < 3; i++)
            __get_cpuid(0x80000002U + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2],
                &words[4 * i + 3]);
        char text[sizeof words + 1] = {};
        std::memcpy(text, words.data(), sizeof words);
        std::string name(text);
        const size_t first = name.find_first_not_of(' '), last = name.find_last_not_of(' ');
        if (first != std::string::npos)
            return name.substr(first, last - first + 1);
    }
#endif
    return "processor";
}

Instructions limitInstructions(Instructions most)
{
    const Instructions before = limit().exchange(most);
    limitTargets(most);
    return before;
}

bool mayUse(Instructions instructions)
{
    return instructions <= limit().load(std::memory_order_relaxed)
        && (present() >> int(instructions) & 1) != 0;
}

bool prefersBf16Dot()
{
#if defined(__x86_64__)
    static const bool is_amd = __builtin_cpu_is("amd");
    return mayUse(Instructions::avx512_bf16)
        && (is_amd || limit().load(std::memory_order_relaxed) == Instructions::avx512_bf16);
#else
    return false;
#endif
}

std::string instructionSetName()
{
#if defined(__aarch64__)
    return mayUse(Instructions::neon_dot) ? "NEON with dot products" : "NEON";
#else
    const int64_t usable = hwy::SupportedTargets() & HWY_TARGETS;
    const int64_t best = usable & -usable; // better targets have lower bits
    if (best == HWY_AVX3)
        return mayUse(Instructions::amx) ? "AVX-512 with AMX"
            : prefersBf16Dot() ? "AVX-512 with VNNI and BF16"
            : mayUse(Instructions::avx512_vnni) ? "AVX-512 with VNNI"
                                                : "AVX-512";
    if (best == HWY_AVX2)
        return mayUse(Instructions::avx2_vnni) ? "AVX2 with VNNI" : "AVX2";
    return best != 0 ? hwy::TargetName(best) : "no vectors";
#endif
}

} // namespace gorgon
