// SPDX-License-Identifier: Apache-2.0
// How often each rank of each head is the token that comes: the table from which trees are
// searched.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/decode/engine.h"

namespace gorgon {

struct AccuracyTable
{
    std::vector<int64_t> samples; // per head: positions judged
    std::vector<std::vector<int64_t>> hits; // (heads, ranks)

    double share(int head, int rank) const
    {
        return samples[head] ? double(hits[head][rank]) / double(samples[head]) : 0;
    }
};

using AccuracyProgress = std::function<void(int done, int total)>;

/// Against the model's own greedy text: every prompt is continued by new_tokens + 1 tokens, and
/// head h at the position of token i is judged by token i + h + 1 of them (the published
/// measurement).
AccuracyTable measureAccuracy(Engine& engine, Session& session,
    const std::vector<std::vector<int>>& prompts, int new_tokens, int n_ranks,
    const AccuracyProgress& progress = {}, std::stop_token stop = {});

/// Against a given text: head h at position t is judged by token t + h + 2. Long texts are read in
/// windows of the context.
AccuracyTable measureTextAccuracy(Engine& engine, Session& session, std::span<const int> text,
    int n_ranks, const AccuracyProgress& progress = {}, std::stop_token stop = {});

} // namespace gorgon
