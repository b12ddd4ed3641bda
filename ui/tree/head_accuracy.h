// SPDX-License-Identifier: GPL-3.0-or-later
// How often each head's first guess was the token that came.
#pragma once

#include <deque>
#include <vector>

#include "core/decode/decode_step.h"

namespace gorgon {

enum class Hit
{
    unknown, // the text did not get there in this step, or the tree has no rank 0 of that head
    hit,
    miss,
};

/// Token of rank 0 of head `head` in this step; -1: not in the tree.
int topGuess(const DecodeStep& step, int head);

/// Compares the head's first guess with the token this step put there.
Hit topOneHit(const DecodeStep& step, int head);

/// Levels of the step's tree, that is, heads that drafted.
int draftDepth(const DecodeStep& step);

/// Running counts. A guess of head h is about the position h + 1 after the root; it waits here
/// until that position is written, so that guesses beyond a rejection count too.
class HeadAccuracy
{
public:
    void add(const DecodeStep& step);
    void clear();

    int headCount() const { return int(m_counts.size()); }
    int guesses(int head) const;
    int hits(int head) const;
    double share(int head) const; // 0 to 1; -1 before the first settled guess

private:
    struct Guess
    {
        int64_t position;
        int head;
        int token;
    };
    struct Count
    {
        int guesses = 0;
        int hits = 0;
    };
    void settle(int64_t position, int token);

    std::deque<Guess> m_open;
    std::vector<Count> m_counts;
    int64_t m_next_position = -1; // where the next step of this answer must begin
};

} // namespace gorgon
