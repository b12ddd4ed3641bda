// SPDX-License-Identifier: Apache-2.0
#include "core/decode/engine.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <stdexcept>

#include "core/decode/step_key.h"

namespace gorgon {

namespace {

using Clock = std::chrono::steady_clock;

double microsecondsSince(Clock::time_point start)
{
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

/// Greedy draws are arg-maxes whatever the temperature says; typical without temperature is greedy.
float effectiveTemperature(const GenerateSettings& settings)
{
    return settings.acceptance == AcceptanceMode::greedy ? 0 : settings.temperature;
}

AcceptanceMode effectiveAcceptance(const GenerateSettings& settings)
{
    return effectiveTemperature(settings) > 0 ? settings.acceptance : AcceptanceMode::greedy;
}

bool needsLogits(const GenerateSettings& settings)
{
    return effectiveTemperature(settings) > 0 && settings.top_p < 1;
}

/// The tree that these settings, this model and the room left allow; rebuilt only when one changes.
class TreeChooser
{
public:
    const CandidateTree& choose(const GenerateSettings& settings, int n_model_heads, int64_t room)
    {
        const int n_heads = std::min(settings.n_heads, n_model_heads);
        if (!m_ready || settings.tree.choices != m_asked || n_heads != m_n_heads
            || settings.head_top_k != m_top_k || settings.max_nodes != m_max_nodes)
        {
            m_asked = settings.tree.choices;
            m_n_heads = n_heads;
            m_top_k = settings.head_top_k;
            m_max_nodes = settings.max_nodes;
            m_tree = makeCandidateTree(fitChoices(m_asked, n_heads, m_top_k, m_max_nodes));
            m_cut_depth = -1;
            m_ready = true;
        }
        if (m_tree.depth() < room)
            return m_tree;
        const int depth = int(std::max<int64_t>(0, room - 1));
        if (depth != m_cut_depth) {
            m_cut = cutToDepth(m_tree, depth);
            m_cut_depth = depth;
        }
        return m_cut;
    }

private:
    bool m_ready = false;
    Choices m_asked;
    int m_n_heads = 0;
    int m_top_k = 0;
    int m_max_nodes = 0;
    CandidateTree m_tree;
    int m_cut_depth = -1;
    CandidateTree m_cut; // the same without the levels that no longer fit the context
};

/// Fills the step from the record; memory that it holds is used again.
void readStep(const StepRecord& record, const CandidateTree& tree, DecodeStep& step)
{
    step.accept_length = record.accept_length;
    step.next_root = record.next_root;
    step.n_bad_heads = record.n_bad_heads;
    step.path.assign(record.path, record.path + record.accept_length + 1);
    step.tokens.clear();
    for (const int node : step.path)
        step.tokens.push_back(record.token[node]);
    step.nodes.resize(record.n_nodes);
    for (int i = 0; i < record.n_nodes; i++)
        step.nodes[i] = {
            .token = record.token[i],
            .parent = tree.tables.parent[i],
            .depth = tree.tables.depth[i],
            .rank = tree.tables.rank[i],
            .origin = i == 0 ? DraftOrigin::root : DraftOrigin::medusa_head,
            .draft_prob = record.draft_prob[i],
            .posterior_prob = record.posterior_prob[i],
            .threshold = record.threshold[i],
            .entropy = record.entropy[i],
            .choice = record.choice[i],
            .choice_prob = record.choice_prob[i],
            .verdict = record.verdict[i],
        };
    const auto between = [&](StepPhase from, StepPhase to) {
        return double(record.time_ns[int(to)] - record.time_ns[int(from)]) * 1e-3;
    };
    step.times.draft_us = between(StepPhase::begin, StepPhase::proposed);
    step.times.verify_us = between(StepPhase::proposed, StepPhase::verified);
    step.times.accept_us = between(StepPhase::verified, StepPhase::accepted);
}

void readProposals(const StepRecord& record, int n_heads, int n_ranks, DecodeStep& step)
{
    step.n_ranks = std::min(n_ranks, kReportedRanks);
    step.head_tokens.clear();
    for (int head = 0; head < n_heads; head++)
        step.head_tokens.insert(step.head_tokens.end(), record.head_token[head],
            record.head_token[head] + step.n_ranks);
}

/// The last token of an answer needs no pass over the model.
void rootOnly(int root, DecodeStep& step)
{
    step.accept_length = 0;
    step.next_root = -1;
    step.n_bad_heads = 0;
    step.tokens.assign(1, root);
    step.path.assign(1, 0);
    step.nodes.assign(1, {.token = root, .verdict = Verdict::accepted});
    step.n_ranks = 0;
    step.head_tokens.clear();
    step.times = {};
}

/// The answer ends with the n-th token of the step.
void end(DecodeStep& step, size_t n_tokens)
{
    for (size_t i = n_tokens; i < step.path.size(); i++)
        step.nodes[step.path[i]].verdict = Verdict::beyond_end;
    step.tokens.resize(n_tokens);
    step.path.resize(n_tokens);
    step.accept_length = int(n_tokens) - 1;
    step.next_root = -1;
}

std::string count(int64_t n, const char* unit)
{
    return std::to_string(n) + " " + unit;
}

} // namespace

Engine::Engine(std::shared_ptr<const Model> model)
    : m_model(std::move(model))
    , m_workspace(*m_model)
{
    writeTree(makeCandidateTree({}));
}

Session Engine::makeSession() const
{
    Session session;
    session.cache = makeKvCache(*m_model);
    session.tokens.reserve(m_model->context + 1);
    return session;
}

void Engine::writeSettings(const GenerateSettings& settings, uint64_t seed)
{
    const StepSettings values{
        .seed = seed,
        .temperature = effectiveTemperature(settings),
        .top_p = settings.top_p,
        .posterior_threshold = settings.posterior_threshold,
        .posterior_alpha = settings.posterior_alpha,
        .acceptance = effectiveAcceptance(settings),
        .typical_root_argmax = settings.typical_root_argmax,
    };
    backend().upload(&m_workspace.state->settings, &values, sizeof values);
}

void Engine::writeKvLen(int64_t kv_len)
{
    const auto value = int32_t(kv_len);
    backend().upload(&m_workspace.state->kv_len, &value, sizeof value);
}

void Engine::writeTree(const CandidateTree& tree)
{
    m_written = tree.choices;
    backend().upload(m_workspace.tree, &tree.tables, sizeof tree.tables);
}

Tensor Engine::logitsRows(int rows)
{
    const int64_t vocab = m_model->vocabMatrix().n_out;
    // At once for the largest tree: memory that moves would cost a device its graphs.
    if (!m_logits)
        m_logits = backend().allocate(size_t(kMaxNodes) * vocab * sizeof(float));
    return {m_logits.as<float>(), rows, vocab};
}

void Engine::checkRecord() const
{
    if (m_record.bad_logits)
        throw std::runtime_error((m_model->path.empty() ? "model" : m_model->path.string())
            + ": expected finite numbers, the model produced invalid ones (not a number or "
              "infinite); "
              "its weights are damaged or not made for this architecture");
}

void Engine::prefill(Session& session, std::span<const int> prompt,
    const GenerateSettings& settings, uint64_t seed, const GenerateCallbacks& callbacks,
    const std::stop_token& stop, GenerateStats& stats)
{
    const auto start = Clock::now();
    const auto [mine, theirs]
        = std::mismatch(session.tokens.begin(), session.tokens.end(), prompt.begin(), prompt.end());
    // The last prompt token is read again in any case: its row gives the first draw.
    const size_t reused = std::min(size_t(mine - session.tokens.begin()), prompt.size() - 1);
    session.tokens.resize(reused);
    writeKvLen(int64_t(reused));
    writeSettings(settings, seed);
    stats.prompt_tokens = int(prompt.size());
    stats.reused_tokens = int(reused);

    Workspace& w = m_workspace;
    for (size_t done = reused; done < prompt.size() && !stop.stop_requested();) {
        const size_t end = chunkEnd(done, prompt.size(), size_t(w.x.rows));
        const int m = int(end - done);
        placeBlocks(backend(), w, int64_t(done), m);
        const bool last = end == prompt.size();
        backend().upload(w.prompt, prompt.data() + done, m * sizeof(int32_t));
        forward(*m_model, session.cache, w, w.prompt, m, nullptr);
        if (last) {
            // The chunk's last row becomes the root of a tree of one node: one draw, one committed
            // row.
            const bool keep_logits = needsLogits(settings);
            const Tensor logits = keep_logits ? logitsRows(1) : Tensor{};
            const Tensor row = w.normed.rowsFrom(m - 1, 1);
            backend().advance(w.state, m - 1);
            backend().project(m_model->vocabMatrix(), row, nullptr, w.state, logits);
            if (keep_logits)
                backend().restrictDraws(logits, nullptr, w.state);
            backend().accept(nullptr, w.state);
            backend().keepAccepted(row, w.state, w.kept);
            backend().commit(session.cache, w.state);
        } else {
            backend().advance(w.state, m);
        }
        backend().readRecord(w.state, m_record);
        session.tokens.insert(session.tokens.end(), prompt.begin() + done, prompt.begin() + end);
        done = end;
        if (last)
            checkRecord();
        if (callbacks.on_prefill)
            callbacks.on_prefill(int(done - reused), int(prompt.size() - reused));
    }
    stats.prefill_ms = microsecondsSince(start) * 1e-3;
}

void Engine::runStep(Session& session, const CandidateTree& tree, int n_heads, int top_k,
    const GenerateSettings& settings, uint64_t seed)
{
    if (tree.choices != m_written)
        writeTree(tree);
    writeSettings(settings, seed);
    Workspace& w = m_workspace;
    const int m = tree.nodeCount();
    const bool keep_logits = needsLogits(settings);
    const Tensor logits = keep_logits ? logitsRows(m) : Tensor{};
    // What changes the operations' shapes or pointers.
    const uint64_t key = stepKey(
        {decode_step, uint64_t(m), uint64_t(n_heads), uint64_t(top_k), uint64_t(keep_logits),
            addressOf(session.cache.data.as<>()), addressOf(logits.data), addressOf(w.state)});

    const auto enqueue = [&] {
        backend().stamp(w.state, StepPhase::begin);
        if (n_heads > 0)
            runHeads(*m_model, w, n_heads, top_k);
        backend().propose(w.tree, n_heads, w.state);
        backend().stamp(w.state, StepPhase::proposed);
        verify(session, m, logits);
    };
    backend().runStep(key, std::cref(enqueue)); // by reference: a copy would be allocated
    backend().readRecord(w.state, m_record);
    checkRecord();
}

void Engine::verify(Session& session, int m, Tensor logits)
{
    Workspace& w = m_workspace;
    const Tensor rows = w.normed.rowsFrom(0, m);
    forward(*m_model, session.cache, w, w.state->tokens, m, w.tree);
    backend().project(m_model->vocabMatrix(), rows, w.tree, w.state, logits);
    if (logits)
        backend().restrictDraws(logits, w.tree, w.state);
    backend().stamp(w.state, StepPhase::verified);
    backend().accept(w.tree, w.state);
    backend().keepAccepted(rows, w.state, w.kept);
    backend().commit(session.cache, w.state);
    backend().stamp(w.state, StepPhase::accepted);
}

GenerateResult Engine::generate(Session& session, std::span<const int> prompt,
    const SettingsSource& settings_source, const GenerateCallbacks& callbacks, std::stop_token stop)
{
    const int64_t vocab = m_model->vocabMatrix().n_out;
    if (prompt.empty())
        throw std::runtime_error("prompt: expected at least one token, found none");
    if (int64_t(prompt.size()) > m_model->context)
        throw std::runtime_error("prompt: expected at most " + count(m_model->context, "tokens")
            + " (the context), found " + std::to_string(prompt.size())
            + "; shorten it or choose a longer context");
    for (const int id : prompt)
        if (id < 0 || id >= vocab)
            throw std::runtime_error("prompt: expected token ids below " + std::to_string(vocab)
                + ", found " + std::to_string(id));
    GenerateSettings settings = settings_source(); // the last usable ones
    if (const std::string problem = settingsProblem(settings); !problem.empty())
        throw std::runtime_error(problem);

    GenerateResult result;
    result.seed = settings.seed ? *settings.seed
                                : std::random_device{}() * 4294967296ULL + std::random_device{}();
    prefill(session, prompt, settings, result.seed, callbacks, stop, result.stats);

    const auto start = Clock::now();
    const std::vector<int>& eos = m_model->config.eos_tokens;
    const auto ends = [&](int token) {
        return !settings.ignore_eos && std::find(eos.begin(), eos.end(), token) != eos.end();
    };
    TreeChooser trees;
    DecodeStep step; // its memory serves every step
    step.tokens.reserve(kMaxDepth + 1);
    step.path.reserve(kMaxDepth + 1);
    step.nodes.reserve(kMaxNodes);
    step.head_tokens.reserve(size_t(kMaxHeads) * kReportedRanks);
    result.tokens.reserve(size_t(std::min<int64_t>(settings.max_tokens, m_model->context)));
    for (bool running = true; running;) {
        if (stop.stop_requested()) {
            result.finish = FinishReason::cancelled;
            break;
        }
        const auto step_start = Clock::now();
        if (const GenerateSettings& fresh = settings_source();
            fresh != settings && settingsProblem(fresh).empty())
            settings = fresh;
        const auto position = int64_t(prompt.size() + result.tokens.size());
        const int64_t left = settings.max_tokens - int64_t(result.tokens.size());
        const int64_t room = m_model->context - position;
        if (left <= 0 || room <= 0) {
            result.finish = left <= 0 ? FinishReason::length : FinishReason::context;
            break;
        }
        if (const int root = m_record.next_root; ends(root) || left == 1 || room == 1) {
            rootOnly(root, step);
        } else {
            const CandidateTree& tree = trees.choose(settings, int(m_model->heads.size()), room);
            // Deeper heads than the tree's levels run only where their proposals are asked for.
            const int n_heads = settings.run_all_heads
                ? std::min(settings.n_heads, int(m_model->heads.size()))
                : tree.depth();
            const int top_k = std::max({1, tree.maxRank() + 1, settings.report_ranks});
            runStep(session, tree, n_heads, top_k, settings, result.seed);
            readStep(m_record, tree, step);
            readProposals(m_record, n_heads, top_k, step);
            session.tokens.insert(session.tokens.end(), step.tokens.begin(), step.tokens.end());
        }
        const auto eos_at = std::find_if(step.tokens.begin(), step.tokens.end(), ends);
        const bool at_eos
            = eos_at != step.tokens.end() && eos_at - step.tokens.begin() < std::min(left, room);
        if (at_eos)
            end(step, size_t(eos_at - step.tokens.begin()) + 1);
        else if (int64_t(step.tokens.size()) >= left)
            end(step, size_t(left));
        step.index = result.stats.steps++;
        step.position = position;
        step.acceptance = effectiveAcceptance(settings);
        step.temperature = effectiveTemperature(settings);
        step.times.total_us = microsecondsSince(step_start);

        std::optional<int> keep;
        if (callbacks.on_step)
            keep = callbacks.on_step(step);
        const size_t kept
            = keep ? std::min(step.tokens.size(), size_t(std::max(0, *keep))) : step.tokens.size();
        result.tokens.insert(result.tokens.end(), step.tokens.begin(), step.tokens.begin() + kept);
        if (keep || at_eos) {
            result.finish = FinishReason::stop;
            running = false;
        }
    }
    result.stats.decode_ms = microsecondsSince(start) * 1e-3;
    result.stats.new_tokens = int(result.tokens.size());
    // However the turn went, the next one starts from the same rows: all tokens but the last.
    session.tokens.resize(
        std::min(session.tokens.size(), prompt.size() + result.tokens.size() - 1));
    return result;
}

} // namespace gorgon
