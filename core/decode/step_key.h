// SPDX-License-Identifier: Apache-2.0
// Names steps for Backend::runStep.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace gorgon {

inline uint64_t addressOf(const void* data)
{
    return uint64_t(reinterpret_cast<uintptr_t>(data));
}

/// One number for all of them, as splitmix64 mixes. The first one tells what kind of step it is.
inline uint64_t stepKey(std::initializer_list<uint64_t> values)
{
    uint64_t key = 0;
    for (const uint64_t value : values) {
        key = (key ^ value) + 0x9E3779B97F4A7C15U;
        key = (key ^ key >> 30) * 0xBF58476D1CE4E5B9U;
        key = (key ^ key >> 27) * 0x94D049BB133111EBU;
        key ^= key >> 31;
    }
    return key;
}

enum StepKind : uint64_t
{
    decode_step,
    timed_verify,
    timed_heads,
};

} // namespace gorgon
