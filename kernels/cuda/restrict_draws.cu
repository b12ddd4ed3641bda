// SPDX-License-Identifier: Apache-2.0
// Draws within the top-p set of stored logits. A block takes a row and looks for the last token of
// the set by digits, from coarse to fine: a bin of the distance from the maximum, then the four
// bytes of the logit, then those of the token. The mass of a digit is a sum of integers, so that it
// depends on no order. A weight e^t is kept to 3 b bits in three pieces of b, whose sums over the
// vocabulary fit 31.
#include "kernels/cuda/select.h"

#include "kernels/cuda/block_reduce.h"

namespace gorgon::cuda {

namespace {

constexpr int kBins = 1024; // of a digit; bytes use 256
constexpr int kBinsOfThread = kBins / kReduceThreads;
constexpr float kBinsPerNat = 32;
constexpr int kLevels = 9; // the bin, 4 bytes of the logit, 4 of the token

struct RowScale
{
    float max;
    float inv_t;
    int piece_bits;
};

/// Where a logit stands by distance; 0 is the maximum.
GORGON_DEVICE int binOf(float logit, const RowScale& scale)
{
    const float distance = mulRn(mulRn(subRn(scale.max, logit), scale.inv_t), kBinsPerNat);
    return distance < float(kBins - 1) ? int(distance) : kBins - 1;
}

GORGON_DEVICE uint64_t weightOf(float logit, const RowScale& scale)
{
    const float x = mulRn(subRn(logit, scale.max), scale.inv_t);
    const float e = expAccurate(x > -200.0F ? x : -200.0F);
    return uint64_t(mulRn(e, float(uint64_t(1) << (3 * scale.piece_bits))));
}

/// The digit of a level, better ones first. 0: the bin, 1 ... 4: the logit, 5 ... 8: the token.
GORGON_DEVICE int digitOf(int level, float logit, int32_t token, const RowScale& scale)
{
    if (level == 0)
        return binOf(logit, scale);
    if (level <= 4)
        return int(~orderedBits(logit) >> (8 * (4 - level)) & 0xFFU);
    return int(uint32_t(token) >> (8 * (8 - level)) & 0xFFU);
}

/// -1: before the digits found so far, 0: they are its own, 1: behind them.
GORGON_DEVICE int compareDigits(
    const int* found, int n_levels, float logit, int32_t token, const RowScale& scale)
{
    for (int level = 0; level < n_levels; level++) {
        const int digit = digitOf(level, logit, token, scale);
        if (digit != found[level])
            return digit < found[level] ? -1 : 1;
    }
    return 0;
}

/// A block per row.
GORGON_KERNEL GORGON_LAUNCH_BOUNDS(kReduceThreads, 1) void restrictDrawsKernel(
    const float* logits, int64_t n_out, int piece_bits, const TreeTables* tree, StepState* state)
{
    GORGON_SHARED(int, pieces, 3 * kBins);
    GORGON_SHARED(int, counts, kBins);
    GORGON_SHARED(int, found, kLevels);
    GORGON_SHARED(int, n_alike, 1);
    GORGON_SHARED(uint64_t, wanted_left, 1);
    GORGON_SHARED(uint64_t, prefixes, kReduceWarps);
    GORGON_SHARED(Ranked, bests, kReduceWarps);

    const int row = blockIndex(), thread = threadIndex();
    const StepSettings settings = state->settings;
    const RowScale scale{
        state->max_logit[row], inverseTemperature(settings.temperature), piece_bits};
    if (isArgmaxTemperature(settings.temperature) || !(settings.top_p < 1.0F)
        || !isFinite(scale.max))
        return; // the whole block
    const float* const l = logits + row * n_out;

    int n_levels = 0;
    for (int level = 0; level < kLevels; level++) {
        for (int i = thread; i < kBins; i += kReduceThreads) {
            pieces[i] = pieces[kBins + i] = pieces[2 * kBins + i] = 0;
            counts[i] = 0;
        }
        syncThreads();
        for (int64_t i = thread; i < n_out; i += kReduceThreads) {
            if (compareDigits(found, level, l[i], int32_t(i), scale) != 0)
                continue;
            const uint64_t weight = weightOf(l[i], scale);
            if (weight == 0) // note: the set ends at a token of some weight
                continue;
            const int digit = digitOf(level, l[i], int32_t(i), scale);
            const uint64_t mask = (uint64_t(1) << piece_bits) - 1;
            atomicAddInt(&pieces[digit], int(weight & mask));
            atomicAddInt(&pieces[kBins + digit], int(weight >> piece_bits & mask));
            atomicAddInt(&pieces[2 * kBins + digit], int(weight >> (2 * piece_bits)));
            atomicAddInt(&counts[digit], 1);
        }
        syncThreads();
        uint64_t mass[kBinsOfThread], sum = 0;
        for (int i = 0; i < kBinsOfThread; i++) {
            const int bin = thread * kBinsOfThread + i;
            mass[i] = uint64_t(pieces[bin]) + (uint64_t(pieces[kBins + bin]) << piece_bits)
                + (uint64_t(pieces[2 * kBins + bin]) << (2 * piece_bits));
            sum += mass[i];
        }
        uint64_t before = prefixInBlock(sum, prefixes) - sum;
        if (level == 0) {
            uint64_t total = 0;
            for (int warp = 0; warp < kReduceWarps; warp++)
                total += prefixes[warp];
            if (thread == 0) {
                const double wanted = double(settings.top_p) * double(total);
                const uint64_t whole = wanted > 0 ? uint64_t(wanted) : 0;
                const uint64_t up = double(whole) < wanted ? whole + 1 : whole;
                *wanted_left = up < 1 ? 1 : up < total ? up : total;
            }
            syncThreads();
        }
        const uint64_t wanted = *wanted_left;
        syncThreads();
        // One bin holds the token at which the mass is reached.
        for (int i = 0; i < kBinsOfThread; i++) {
            if (before < wanted && wanted <= before + mass[i]) {
                found[level] = thread * kBinsOfThread + i;
                *n_alike = counts[thread * kBinsOfThread + i];
                *wanted_left = wanted - before;
            }
            before += mass[i];
        }
        syncThreads();
        n_levels = level + 1;
        if (*n_alike == 1) // the same for all threads
            break;
        syncThreads();
    }

    const uint32_t position = uint32_t(state->kv_len + (tree ? int(tree->depth[row]) : 0));
    Ranked best{kLowest, 0x7FFFFFFF};
    for (int64_t first = int64_t(thread) * 4; first < n_out; first += kReduceThreads * 4) {
        bool kept[4], any = false;
        GORGON_UNROLL
        for (int i = 0; i < 4; i++) {
            const int64_t token = first + i;
            kept[i] = token < n_out
                && compareDigits(found, n_levels, l[token], int32_t(token), scale) <= 0;
            any = any || kept[i];
        }
        if (!any)
            continue;
        float noise[4];
        noiseOfFour(settings.seed, position, uint32_t(first), noise);
        GORGON_UNROLL
        for (int i = 0; i < 4; i++) {
            if (!kept[i])
                continue;
            const Ranked other{fmaRn(l[first + i], scale.inv_t, noise[i]), int32_t(first) + i};
            if (isBefore(other, best))
                best = other;
        }
    }
    best = firstInBlock(best, bests);
    if (thread == 0) {
        state->draw[row] = best.token;
        state->draw_logit[row] = l[best.token];
    }
}

/// Bits of a piece: sums over n_out of them stay below 2^31.
int pieceBits(int64_t n_out)
{
    int bits = 14;
    while (bits > 1 && n_out >= int64_t(1) << (31 - bits))
        bits--;
    return bits;
}

} // namespace

void enqueueRestrictDraws(Stream& stream, Tensor logits, const TreeTables* tree, StepState* state)
{
    launch(stream, restrictDrawsKernel, int(logits.rows), kReduceThreads, 0, logits.data,
        logits.cols, pieceBits(logits.cols), tree, state);
}

} // namespace gorgon::cuda
