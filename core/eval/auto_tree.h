// SPDX-License-Identifier: Apache-2.0
// The tree that is fastest on this machine: how often these heads are right against what each size
// of step costs here.
#pragma once

#include <functional>
#include <span>
#include <stop_token>

#include "core/decode/engine.h"

namespace gorgon {

struct AutoTree
{
    TreeSpec tree; // "auto"; no choices where plain decoding is the fastest
    double plain_us = 0; // a plain step
    double tree_us = 0; // a step with the tree, heads included
    double tokens_per_step = 1; // expected, of greedy text
};

/// Continues the prompt greedily by up to 128 tokens to count how often the heads are right, times
/// steps of growing trees in alternation, and takes the size with the most tokens per time. Two
/// seconds of decoding for the count at most, where a step is not slower than that; the session is
/// overwritten. A model without heads, and one that is stopped meanwhile, decodes plainly. prompt:
/// at least one token; the end of a long one counts.
AutoTree findAutoTree(Engine& engine, Session& session, std::span<const int> prompt,
    const std::function<void(int done, int total)>& progress = {}, std::stop_token stop = {});

} // namespace gorgon
