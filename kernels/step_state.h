// SPDX-License-Identifier: Apache-2.0
// What a decode step reads and writes on the device: plain structs with one layout for every backend.
// The host writes settings and tree, enqueues the operations, waits once and reads one StepRecord.
#pragma once

#include <cstdint>

namespace gorgon {

constexpr int kMaxNodes = 256; // nodes of a tree, root included; also the rows of one prefill chunk
constexpr int kMaxDepth = 32; // levels below the root
constexpr int kMaxHeads = 32;
constexpr int kMaxTopK = 64; // ranks of a head that a tree may use
constexpr int kReportedRanks = 10; // of each head in a record, whether a tree uses them or not

enum class AcceptanceMode : int32_t
{
    greedy, // a child is accepted when it is its parent's arg-max
    typical, // ... when p > min(epsilon, delta * exp(-H)) at its parent   (Cai et al. 2024, 3.2)
    exact, // ... when it is its parent's draw: ancestral sampling from the model
};

/// Values that may change before any step; read by the operations, never by the host during a step.
struct StepSettings
{
    uint64_t seed = 0;
    float temperature = 0; // 0: every draw is the arg-max
    float top_p = 1; // draws are restricted to the smallest set of mass >= top_p
    float posterior_threshold = 0.09F; // epsilon
    float posterior_alpha = 0.3F; // delta
    AcceptanceMode acceptance = AcceptanceMode::greedy;
    int32_t typical_root_argmax = 0; // typical: the next root is the arg-max, not the draw
};

/// The shape of a candidate tree. Nodes are sorted by depth, so parent[i] < i; node 0 is the root.
struct TreeTables
{
    int32_t n_nodes = 1;
    int32_t depth[kMaxNodes] = {}; // root 0
    int32_t parent[kMaxNodes] = {-1}; // root -1
    int32_t rank[kMaxNodes] = {}; // place in the top-k of head depth - 1
    uint8_t path[kMaxNodes][kMaxDepth + 1] = {}; // node numbers from the root to the node itself
};

enum class Verdict : uint8_t
{
    not_reached, // an ancestor was rejected
    rejected,
    passed, // admitted by its parent, but another path was longer
    accepted,
    beyond_end, // as accepted, but the answer had ended before it
};

/// Times in nanoseconds of an arbitrary clock, written by `stamp`.
enum class StepPhase : int32_t
{
    begin,
    proposed,
    verified,
    accepted,
    end,
};
constexpr int kStepPhases = 5;

/// What the host reads after a step. Arrays are per node unless said otherwise.
struct StepRecord
{
    int32_t n_nodes = 0;
    int32_t accept_length = 0; // accepted nodes below the root
    int32_t next_root = -1; // the draw at the last accepted node
    int32_t bad_logits = 0; // 1: the base model produced no finite logit in some row
    int32_t kv_len = 0; // committed rows after the step
    int32_t n_bad_heads = 0; // heads without one finite logit; their nodes carry token -1
    int32_t head_token[kMaxHeads][kReportedRanks] = {}; // of the heads that ran; -1: none
    int64_t time_ns[kStepPhases] = {};
    int32_t path[kMaxDepth + 1] = {}; // accepted node numbers, root first; accept_length + 1 of them
    int32_t token[kMaxNodes] = {}; // -1: nothing to propose there
    float draft_prob[kMaxNodes] = {}; // the head's softmax at temperature 1; root: 1
    float posterior_prob[kMaxNodes] = {}; // p(token) in the parent's row at the temperature; root: 1
    float threshold[kMaxNodes] = {}; // min(epsilon, delta * exp(-H)) of the parent's row; root: 0
    float entropy[kMaxNodes] = {}; // nats, of the node's own row, at the temperature (0: at 1)
    int32_t choice[kMaxNodes] = {}; // the node's own draw (temperature 0, typical argmax: its arg-max)
    float choice_prob[kMaxNodes] = {}; // its probability
    Verdict verdict[kMaxNodes] = {};
};

/// All values of a step that live on the device.
struct StepState
{
    StepSettings settings;
    int32_t kv_len = 0; // committed positions
    int32_t root = -1; // token of node 0 of the coming step

    // Written by topK, read by propose.
    int32_t n_heads_run = 0;
    int32_t head_bad[kMaxHeads] = {}; // 1: no finite logit
    int32_t head_token[kMaxHeads][kMaxTopK] = {}; // -1 beyond the vocabulary
    float head_prob[kMaxHeads][kMaxTopK] = {};

    // Written by propose.
    int32_t tokens[kMaxNodes] = {};

    // Written by project: one row each, and for node j its logit in its parent's row.
    float max_logit[kMaxNodes] = {};
    int32_t argmax[kMaxNodes] = {};
    float log_z[kMaxNodes] = {}; // ln sum exp((l - max) / T), T = 1 where the temperature is 0
    float entropy[kMaxNodes] = {};
    int32_t draw[kMaxNodes] = {};
    float draw_logit[kMaxNodes] = {};
    float child_logit[kMaxNodes] = {};

    StepRecord record;
};

} // namespace gorgon
