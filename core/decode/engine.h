// SPDX-License-Identifier: Apache-2.0
// Generates tokens: prefill, then decode steps of propose, verify, accept, commit. Knows token ids only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/decode/decode_step.h"
#include "core/decode/generate_settings.h"
#include "core/model/transformer.h"

namespace gorgon {

/// KV cache and tokens of one conversation. Keep it between turns: a common prefix is never recomputed.
struct Session
{
    KvCache cache;
    std::vector<int> tokens; // committed: row i of the cache is tokens[i]
};

struct GenerateResult
{
    std::vector<int> tokens; // new ones, cut at the first end-of-sequence token (included)
    FinishReason finish = FinishReason::length;
    uint64_t seed = 0; // that was used
    GenerateStats stats;
};

struct GenerateCallbacks
{
    /// Prompt tokens read so far, of all that must be read.
    std::function<void(int done, int total)> on_prefill;
    /// Called after every step. A number ends the generation as `stop` (a stop text was completed) and
    /// keeps only so many of the step's tokens.
    std::function<std::optional<int>(const DecodeStep&)> on_step;
};

/// One at a time per engine; not thread-safe. Settings are read where a step begins.
class Engine
{
public:
    explicit Engine(std::shared_ptr<const Model> model);

    const Model& model() const { return *m_model; }
    Backend& backend() const { return *m_model->backend; }
    uint64_t workspaceBytes() const { return m_workspace.bytes(); }

    Session makeSession() const;

    /// Continues `prompt` (ids, at least one). Throws std::runtime_error: prompt empty, an id outside the
    /// vocabulary, prompt longer than the context, settings out of range, invalid numbers from the model.
    /// After it the session holds exactly prompt + answer - 1 rows, however it ended.
    GenerateResult generate(Session& session, std::span<const int> prompt,
        const std::function<GenerateSettings()>& settings, const GenerateCallbacks& callbacks = {},
        std::stop_token stop = {});

    /// Logits at every position of `tokens` and of the tree's nodes behind them:
    /// out (tokens + nodes, vocab); head_out, where wanted, (heads, tokens, vocab).
    /// tree tokens: one per node, root first; empty: no tree.
    void logits(std::span<const int> tokens, const CandidateTree& tree, std::span<const int> tree_tokens,
        std::vector<float>& out, std::vector<float>* head_out);

    /// Median microseconds of a verify step with n nodes at kv_len committed rows; a benchmark's probe.
    std::vector<double> measureStep(Session& session, int n_nodes, int kv_len, int repeats);

private:
    struct Turn;
    void prefill(Session& session, std::span<const int> prompt, const GenerateCallbacks& callbacks,
        const std::stop_token& stop);
    void uploadTree(const CandidateTree& tree);
    void enqueueStep(Session& session, const CandidateTree& tree, int n_heads, int top_k, bool keep_logits);

    std::shared_ptr<const Model> m_model;
    Workspace m_workspace;
    Buffer m_logits; // (kMaxNodes, vocab) once top-p or an inspection asked for it
    StepRecord m_record;
    CandidateTree m_uploaded; // the tree now in workspace.tree
};

} // namespace gorgon
