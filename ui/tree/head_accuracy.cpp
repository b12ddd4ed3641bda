// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tree/head_accuracy.h"

#include <algorithm>

namespace gorgon {

int topGuess(const DecodeStep& step, int head)
{
    for (const StepNode& node : step.nodes)
        if (node.origin == DraftOrigin::medusa_head && node.depth == head + 1 && node.rank == 0)
            return node.token;
    return -1;
}

int draftDepth(const DecodeStep& step)
{
    int depth = 0;
    for (const StepNode& node : step.nodes)
        depth = std::max(depth, node.depth);
    return std::min(depth, kMaxDepth);
}

Hit topOneHit(const DecodeStep& step, int head)
{
    const int guess = topGuess(step, head);
    const size_t place = size_t(head) + 1;
    if (guess < 0 || place > step.tokens.size())
        return Hit::unknown;
    const int token = place < step.tokens.size() ? step.tokens[place] : step.next_root;
    return token < 0 ? Hit::unknown : token == guess ? Hit::hit : Hit::miss;
}

void HeadAccuracy::add(const DecodeStep& step)
{
    if (step.index == 0 || step.position != m_next_position)
        m_open.clear(); // another answer: its text does not settle older guesses
    const int depth = draftDepth(step);
    if (int(m_counts.size()) < depth)
        m_counts.resize(size_t(depth));
    for (int head = 0; head < depth; ++head)
        if (const int token = topGuess(step, head); token >= 0)
            m_open.push_back({step.position + head + 1, head, token});
    for (size_t i = 1; i < step.tokens.size(); ++i)
        settle(step.position + int64_t(i), step.tokens[i]);
    m_next_position = step.position + int64_t(step.tokens.size());
    if (step.next_root >= 0)
        settle(m_next_position, step.next_root);
}

void HeadAccuracy::settle(int64_t position, int token)
{
    std::erase_if(m_open, [&](const Guess& guess) {
        if (guess.position != position)
            return false;
        ++m_counts[size_t(guess.head)].guesses;
        m_counts[size_t(guess.head)].hits += guess.token == token;
        return true;
    });
}

void HeadAccuracy::clear()
{
    m_open.clear();
    m_counts.clear();
    m_next_position = -1;
}

int HeadAccuracy::guesses(int head) const
{
    return head >= 0 && head < headCount() ? m_counts[size_t(head)].guesses : 0;
}

int HeadAccuracy::hits(int head) const
{
    return head >= 0 && head < headCount() ? m_counts[size_t(head)].hits : 0;
}

double HeadAccuracy::share(int head) const
{
    return guesses(head) ? double(hits(head)) / guesses(head) : -1;
}

} // namespace gorgon
