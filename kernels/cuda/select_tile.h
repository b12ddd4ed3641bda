// SPDX-License-Identifier: Apache-2.0
// What a tile of 128 tokens says about a row of logits. A warp takes a row, a lane four tokens side
// by side; sums go up within the lane and then by a fixed tree, so that they depend on the row
// alone.
#pragma once

#include "kernels/cuda/noise.h"
#include "kernels/cuda/temperature.h"
#include "kernels/step_state.h"

namespace gorgon::cuda {

constexpr int kTileTokens = 128;
constexpr float kLowest = -__builtin_inff();

/// Of one row and tile.
struct TileSummary
{
    float max;
    float z; // sum of e^t, t = (l - max) / T
    float s; // sum of t e^t
    float best; // of l / T + noise
    float best_logit;
    int32_t argmax;
    int32_t best_token;
    int32_t unused; // 32 bytes
};

/// A value and where it stands; the larger one wins, ties go to the lower token.
struct Ranked
{
    float value;
    int32_t token;
};

GORGON_DEVICE bool isBefore(Ranked a, Ranked b)
{
    return a.value > b.value || (a.value == b.value && a.token < b.token);
}

GORGON_DEVICE Ranked firstInWarp(Ranked ranked)
{
    GORGON_UNROLL
    for (int distance = 16; distance > 0; distance /= 2) {
        const Ranked other{shuffleXor(ranked.value, distance), shuffleXor(ranked.token, distance)};
        if (isBefore(other, ranked))
            ranked = other;
    }
    return ranked;
}

GORGON_DEVICE float sumInWarp(float value)
{
    GORGON_UNROLL
    for (int distance = 16; distance > 0; distance /= 2)
        value = addRn(value, shuffleXor(value, distance));
    return value;
}

/// The lane's four logits of a row of a tile; NaN and tokens beyond the vocabulary: -inf.
GORGON_DEVICE void loadFour(const float* row, int n_outputs, float (&l)[4])
{
    const int first = laneIndex() * 4;
    const Words4 words = loadWords4(row + first);
    GORGON_UNROLL
    for (int i = 0; i < 4; i++) {
        const float value = floatOfBits(words.w[i]);
        l[i] = first + i < n_outputs && value == value ? value : kLowest;
    }
}

GORGON_DEVICE Ranked firstOfFour(const float (&values)[4], int32_t first_token)
{
    Ranked ranked{values[0], first_token};
    GORGON_UNROLL
    for (int i = 1; i < 4; i++)
        if (values[i] > ranked.value)
            ranked = {values[i], first_token + i};
    return ranked;
}

/// max, argmax, z and s of a summary, the same in every lane.
GORGON_DEVICE TileSummary summarize(const float (&l)[4], int32_t first_token, float inv_t)
{
    const int32_t mine = first_token + laneIndex() * 4;
    const Ranked top = firstInWarp(firstOfFour(l, mine));
    float z = 0, s = 0;
    if (top.value != kLowest) {
        GORGON_UNROLL
        for (int i = 0; i < 4; i++) {
            // note: the bound turns -inf into a number whose exponential is 0.
            const float x = mulRn(subRn(l[i], top.value), inv_t);
            const float t = x > -200.0F ? x : -200.0F;
            const float e = expAccurate(t);
            z = addRn(z, e);
            s = fmaRn(t, e, s);
        }
    }
    TileSummary summary;
    summary.max = top.value;
    summary.argmax = top.token;
    summary.z = sumInWarp(z);
    summary.s = sumInWarp(s);
    summary.best = top.value;
    summary.best_logit = top.value;
    summary.best_token = top.token;
    summary.unused = 0;
    return summary;
}

/// Adds the best l / T + noise. row: the logits that the lanes loaded, at the row's position.
GORGON_DEVICE void addDraw(const float* row, const float (&l)[4], int32_t first_token, float inv_t,
    uint64_t seed, uint32_t position, TileSummary& summary)
{
    const int32_t mine = first_token + laneIndex() * 4;
    float noise[4];
    noiseOfFour(seed, position, uint32_t(mine), noise);
    GORGON_UNROLL
    for (int i = 0; i < 4; i++)
        noise[i] = fmaRn(l[i], inv_t, noise[i]);
    const Ranked best = firstInWarp(firstOfFour(noise, mine));
    summary.best = best.value;
    summary.best_token = best.token;
    const float logit = row[best.token - first_token];
    summary.best_logit = logit == logit ? logit : kLowest;
}

/// Orders floats without NaN as integers; -0 counts as 0.
GORGON_DEVICE uint32_t orderedBits(float value)
{
    const uint32_t bits = bitsOfFloat(addRn(value, 0.0F));
    return bits ^ ((bits & 0x80000000U) != 0 ? 0xFFFFFFFFU : 0x80000000U);
}
GORGON_DEVICE float floatOfOrdered(uint32_t ordered)
{
    return floatOfBits(ordered ^ ((ordered & 0x80000000U) != 0 ? 0x80000000U : 0xFFFFFFFFU));
}
/// Larger is better, ties to the lower token; never 0.
GORGON_DEVICE uint64_t candidateKey(float logit, int32_t token)
{
    return uint64_t(orderedBits(logit)) << 32 | uint32_t(~token);
}
GORGON_DEVICE int32_t tokenOfKey(uint64_t key)
{
    return int32_t(~uint32_t(key));
}
GORGON_DEVICE float logitOfKey(uint64_t key)
{
    return floatOfOrdered(uint32_t(key >> 32));
}

} // namespace gorgon::cuda
