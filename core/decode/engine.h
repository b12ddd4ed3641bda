// SPDX-License-Identifier: Apache-2.0
// Generates tokens: prefill, then decode steps of propose, verify, accept, commit. Knows token ids
// only.
#pragma once

#include <concepts>
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

/// KV cache and tokens of one conversation. Keep it between turns: a common prefix is never
/// recomputed.
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
    /// Called after every step. A number ends the generation as `stop` (a stop text was completed)
    /// and keeps only so many of the step's tokens.
    std::function<std::optional<int>(const DecodeStep&)> on_step;
};

/// Asked where a step begins; refers to values that stay as they are until it is asked again.
class SettingsSource
{
public:
    template <class F>
    requires std::same_as < std::invoke_result_t<F&>,
    const GenerateSettings& > SettingsSource(
        F source) // NOLINT(google-explicit-constructor): takes lambdas
        : m_source(std::move(source))
    {
    }
    /// The same all the time. settings must outlive the generation.
    SettingsSource(const GenerateSettings& settings) // NOLINT(google-explicit-constructor)
        : m_source([&settings]() -> const GenerateSettings& { return settings; })
    {
    }
    const GenerateSettings& operator()() const { return m_source(); }

private:
    std::function<const GenerateSettings&()> m_source;
};

/// One generation at a time; not thread-safe. Settings are read where a step begins; a step whose
/// tree was there before allocates nothing.
class Engine
{
public:
    explicit Engine(std::shared_ptr<const Model> model);

    const Model& model() const { return *m_model; }
    std::shared_ptr<const Model> sharedModel() const { return m_model; }
    Backend& backend() const { return *m_model->backend; }
    uint64_t workspaceBytes() const { return m_workspace.bytes() + m_logits.bytes(); }

    Session makeSession() const;

    /// Continues `prompt` (ids, at least one). Throws std::runtime_error: prompt empty, an id
    /// outside the vocabulary, prompt longer than the context, settings out of range, invalid
    /// numbers from the model. However it ends, the session holds at most prompt + answer - 1 rows;
    /// exactly these where it returned a token.
    GenerateResult generate(Session& session, std::span<const int> prompt,
        const SettingsSource& settings, const GenerateCallbacks& callbacks = {},
        std::stop_token stop = {});

    /// Logits at every position of `tokens`, then of a tree's nodes behind them (tree_tokens: one
    /// per node, root first; none: no tree). out: (tokens + nodes, vocab); head_out, where wanted:
    /// (heads, tokens, vocab). The session is overwritten.
    void logits(Session& session, std::span<const int> tokens, const CandidateTree& tree,
        std::span<const int> tree_tokens, std::vector<float>& out, std::vector<float>* head_out);

    /// Microseconds of one verify pass over the tree's nodes behind kv_len rows of whatever the
    /// cache holds: forward, vocabulary, acceptance, commit; and of one round of the heads. As in a
    /// step: captured before it is timed.
    double timeVerify(Session& session, const CandidateTree& tree, int64_t kv_len);
    double timeHeads(int n_heads, int top_k);
    /// Microseconds to read n tokens, as many as the context holds, into an empty cache.
    double timePrefill(Session& session, int n);

private:
    void prefill(Session& session, std::span<const int> prompt, const GenerateSettings& settings,
        uint64_t seed, const GenerateCallbacks& callbacks, const std::stop_token& stop,
        GenerateStats& stats);
    void runStep(Session& session, const CandidateTree& tree, int n_heads, int top_k,
        const GenerateSettings& settings, uint64_t seed);
    void verify(Session& session, int m, Tensor logits);
    double timeStep(uint64_t key, int64_t kv_len, const std::function<void()>& enqueue);
    void writeSettings(const GenerateSettings& settings, uint64_t seed);
    void writeKvLen(int64_t kv_len);
    void writeTree(const CandidateTree& tree);
    Tensor logitsRows(int rows);
    void checkRecord() const;

    std::shared_ptr<const Model> m_model;
    Workspace m_workspace;
    Buffer m_logits; // (rows, vocab), once top-p or an inspection asked for it
    StepRecord m_record;
    Choices m_written; // choices of the tree now in m_workspace.tree
};

} // namespace gorgon
