// SPDX-License-Identifier: Apache-2.0
// Gumbel noise as kernels/cpu/noise.h has it: Philox4x32-10 with key = seed and counter = (token /
// 4, position, 0, 0), whose four words are those of four tokens; -ln(-ln u) with u = (word + 1/2) /
// 2^32.
#pragma once

#include "kernels/cuda/instructions.h"

namespace gorgon::cuda {

/// -ln(-ln u). Near u = 1 the distance w from 1 is what is known exactly, so ln u = ln(1 - w) is
/// taken from w by the usual correction of the rounded 1 - w.
GORGON_DEVICE float gumbelOf(uint32_t word)
{
    const bool near_one = (word & 0x80000000U) != 0;
    const uint32_t folded = near_one ? ~word : word; // below 2^31
    const float w = fmaRn(float(folded), 0x1p-32F, 0x1p-33F);
    const float y = near_one ? subRn(1.0F, w) : w;
    float log_u = logAccurate(y);
    if (near_one) {
        const float distance = subRn(1.0F, y);
        log_u = distance == 0.0F ? -w : mulRn(log_u, divRn(w, distance));
    }
    return -logAccurate(-log_u);
}

/// Noise of the tokens [first, first + 4); first is a multiple of 4.
GORGON_DEVICE void noiseOfFour(uint64_t seed, uint32_t position, uint32_t first, float (&noise)[4])
{
    uint32_t c0 = first / 4, c1 = position, c2 = 0, c3 = 0;
    uint32_t key0 = uint32_t(seed), key1 = uint32_t(seed >> 32);
    for (int round = 0; round < 10; round++) {
        const uint64_t a = uint64_t(0xD2511F53U) * c0;
        const uint64_t b = uint64_t(0xCD9E8D57U) * c2;
        c0 = uint32_t(b >> 32) ^ c1 ^ key0;
        c1 = uint32_t(b);
        c2 = uint32_t(a >> 32) ^ c3 ^ key1;
        c3 = uint32_t(a);
        key0 += 0x9E3779B9U;
        key1 += 0xBB67AE85U;
    }
    noise[0] = gumbelOf(c0);
    noise[1] = gumbelOf(c1);
    noise[2] = gumbelOf(c2);
    noise[3] = gumbelOf(c3);
}

} // namespace gorgon::cuda
