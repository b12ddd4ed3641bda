// SPDX-License-Identifier: Apache-2.0
// How often each rank of each head is the token that comes, counted from the steps of answers.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/decode/decode_step.h"
#include "core/train/tree_search.h"

namespace gorgon {

/// Counts of one head. Fractions, since old evidence fades.
struct HeadHits
{
    double samples = 0; // positions where every head before it had the token among its ranks
    std::array<double, kReportedRanks> hits{};

    bool operator==(const HeadHits&) const = default;
};

/// A head is judged where the heads before it were right, which is where a tree asks it.
class HitCounter
{
public:
    explicit HitCounter(int n_heads, std::vector<HeadHits> known = {});

    /// Steps of one answer, in order. Those that report fewer than kReportedRanks ranks give only
    /// the tokens by which earlier ones are judged.
    void add(const DecodeStep& step);
    /// Judges what can be judged and forgets the rest: what comes next does not follow.
    void endAnswer();
    /// What comes is of another kind: another temperature, say.
    void forgetRecent();

    const std::vector<HeadHits>& heads() const { return m_heads; }
    /// Shares by head and rank, as they were lately. What has been seen little is taken to be like
    /// all that is known, and that like the heads that were published (rank 0 of head 0 right in
    /// some 60 %), each with the weight of a few samples.
    AccuracyRows shares() const;

private:
    struct Proposals
    {
        int64_t position = 0; // of the root: head h proposes for position + 1 + h
        int n_heads = 0;
        std::array<std::array<int, kReportedRanks>, kMaxHeads> tokens{};
    };

    void judge(const Proposals& proposals);

    std::vector<HeadHits> m_heads;
    std::vector<HeadHits> m_recent; // the same counts, of the last few dozen samples
    std::vector<Proposals> m_open; // whose last position has not come yet
    std::vector<int> m_text; // of the answer so far
    int64_t m_first = -1; // position of its first token; -1: none yet
};

} // namespace gorgon
