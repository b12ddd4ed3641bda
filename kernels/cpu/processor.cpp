// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/processor.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "kernels/cpu/simd_targets.h"

#include "hwy/highway.h"
#include "hwy/targets.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace gorgon {

std::string processorName()
{
#if defined(__x86_64__)
    std::array<uint32_t, 12> words{};
    if (__get_cpuid_max(0x80000000U, nullptr) >= 0x80000004U) {
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

std::string instructionSetName()
{
    const int64_t usable = hwy::SupportedTargets() & HWY_TARGETS;
    const int64_t best = usable & -usable; // better targets have lower bits
    return best == HWY_AVX3 ? "AVX-512"
        : best == HWY_AVX2  ? "AVX2"
        : best != 0         ? hwy::TargetName(best)
                            : "no vectors";
}

bool hasAvxVnni()
{
#if defined(__x86_64__)
    // Bit 4 of EAX in leaf 7.1, for which Clang 14 has no name. Asked once: cpuid is slow in
    // virtual machines.
    static const bool result = [] {
        unsigned a = 0, b = 0, c = 0, d = 0;
        return __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 1, &a, &b, &c, &d)
            && (a >> 4 & 1);
    }();
    return result;
#else
    return false;
#endif
}

} // namespace gorgon
