// SPDX-License-Identifier: Apache-2.0
// One decode step by value: the currency between engine, window, plots, command line and
// recordings.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/step_state.h"

namespace gorgon {

enum class DraftOrigin : uint8_t
{
    root, // the draw made at the last accepted node of the step before
    medusa_head,
};

struct StepNode
{
    int token = -1; // -1: the head had nothing to propose
    int parent = -1;
    int depth = 0; // root 0; drafted by head depth - 1
    int rank = 0; // place in the head's top-k
    DraftOrigin origin = DraftOrigin::root;
    float draft_prob = 1; // the head's probability
    float posterior_prob = 1; // the model's probability, in the parent's row
    float threshold = 0; // min(epsilon, delta * exp(-H)) in the parent's row; typical acceptance
    float entropy = 0; // nats, of the node's own row
    int choice = -1; // what the model itself puts after this node: its draw
    float choice_prob = 0;
    Verdict verdict = Verdict::not_reached;
};

/// Microseconds.
struct StepTimes
{
    double draft_us = 0; // heads, top-k, tree tokens
    double verify_us = 0; // forward pass over all nodes and the vocabulary
    double accept_us = 0; // acceptance, commit
    double total_us = 0; // on the host, waiting included
};

struct DecodeStep
{
    int index = 0; // within the answer, from 0
    int64_t position = 0; // logical position of the root
    AcceptanceMode acceptance = AcceptanceMode::greedy;
    float temperature = 0;
    int accept_length = 0; // accepted nodes below the root that were emitted
    int next_root
        = -1; // drawn at the last accepted node; emitted by the next step; -1: there is none
    int n_bad_heads = 0; // heads that gave no finite number; their draft was dropped
    std::vector<int> tokens; // emitted: root and accepted nodes, accept_length + 1
    std::vector<int> path; // their node numbers
    std::vector<StepNode> nodes;
    // What the heads proposed for the positions behind the root, whether the tree used it or not:
    // (heads that ran, n_ranks), -1 where a head had nothing.
    int n_ranks = 0;
    std::vector<int> head_tokens;
    StepTimes times;
};

/// Why a generation ended.
enum class FinishReason : uint8_t
{
    stop, // end-of-sequence token or a stop text
    length, // max_tokens
    context, // the context is full
    cancelled,
};

constexpr const char* finishName(FinishReason reason)
{
    switch (reason) {
    case FinishReason::stop:
        return "stop";
    case FinishReason::length:
        return "length";
    case FinishReason::context:
        return "context";
    case FinishReason::cancelled:
        return "cancelled";
    }
    return "";
}

struct GenerateStats
{
    int prompt_tokens = 0;
    int reused_tokens = 0; // of the prompt, found in the cache
    int new_tokens = 0;
    int steps = 0;
    double prefill_ms = 0;
    double decode_ms = 0;

    double meanTokensPerStep() const { return steps ? double(new_tokens) / steps : 0; }
    double tokensPerSecond() const { return decode_ms > 0 ? new_tokens / decode_ms * 1e3 : 0; }
};

} // namespace gorgon
