// SPDX-License-Identifier: Apache-2.0
// Attention of one step, for what must not change a bit of it.
#pragma once

#include "tests/kernels/cuda/conversation.h"

namespace gorgon::cuda::tests {

/// Rows of a step behind a cache, for everything that must not change a bit.
struct Step
{
    Heads heads;
    DType dtype;
    int kv_len;
    int m;
    const TreeTables* tree = nullptr;
    int64_t window = 0;
    AttentionPlace place{};

    std::vector<float> run(uint64_t seed) const
    {
        const Seed order(seed);
        const auto prefix = randomFloats(size_t((kv_len + 1) * heads.qkvCols()), 31);
        const auto rows = randomFloats(size_t(m * heads.qkvCols()), 32);
        Conversation conversation(heads, dtype, kv_len + kMaxNodes);
        conversation.window = window;
        conversation.place.schedule = place.schedule;
        conversation.place.n_multiprocessors = place.n_multiprocessors;
        conversation.place.shared_limit = place.shared_limit;
        conversation.remember(prefix.data(), kv_len);
        return conversation.attend(rows.data(), m, tree);
    }
};

/// Every `stride`-th node's line, decoded one row at a time, has the bits of the tree's rows.
inline int wrongLines(const Step& step, int stride)
{
    const auto out = step.run(0);
    const auto prefix = randomFloats(size_t((step.kv_len + 1) * step.heads.qkvCols()), 31);
    const auto rows = randomFloats(size_t(step.m * step.heads.qkvCols()), 32);
    int n_wrong = 0;
    for (int node = step.m - 1; node >= 0; node -= stride) {
        Conversation plain(step.heads, step.dtype, step.kv_len + kMaxNodes);
        plain.window = step.window;
        plain.remember(prefix.data(), step.kv_len);
        for (int depth = 0; depth <= step.tree->depth[node]; depth++) {
            const int of_line = step.tree->path[node][depth];
            const auto row = plain.feed(rows.data() + of_line * step.heads.qkvCols(), 1, 1);
            n_wrong
                += !sameBits(row.data(), out.data() + of_line * step.heads.outCols(), row.size());
        }
    }
    return n_wrong;
}

} // namespace gorgon::cuda::tests
