// SPDX-License-Identifier: Apache-2.0
// The engine's side doors for inspection and measurement: logits of given tokens, times of given
// shapes.
#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "core/decode/engine.h"
#include "core/decode/step_key.h"

namespace gorgon {

namespace {

using Clock = std::chrono::steady_clock;

double microsecondsSince(Clock::time_point start)
{
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

} // namespace

void Engine::logits(Session& session, std::span<const int> tokens, const CandidateTree& tree,
    std::span<const int> tree_tokens, std::vector<float>& out, std::vector<float>* head_out)
{
    const Matrix& vocab_matrix = m_model->vocabMatrix();
    const int64_t vocab = vocab_matrix.n_out;
    const auto check = [&](std::span<const int> ids, const char* what) {
        for (const int id : ids)
            if (id < 0 || id >= vocab)
                throw std::runtime_error(std::string(what) + ": expected token ids below "
                    + std::to_string(vocab) + ", found " + std::to_string(id));
    };
    check(tokens, "tokens");
    check(tree_tokens, "tree tokens");
    if (!tree_tokens.empty() && int(tree_tokens.size()) != tree.nodeCount())
        throw std::runtime_error("tree tokens: expected " + std::to_string(tree.nodeCount())
            + ", one per node, found " + std::to_string(tree_tokens.size()));
    const int64_t depth = tree_tokens.empty() ? 0 : tree.depth() + 1;
    if (tokens.empty() || int64_t(tokens.size()) + depth > m_model->context)
        throw std::runtime_error("tokens: expected 1 to " + std::to_string(m_model->context - depth)
            + " (the context), found " + std::to_string(tokens.size()));

    Workspace& w = m_workspace;
    const auto n_heads = int64_t(m_model->heads.size());
    const auto n_tokens = int64_t(tokens.size());
    out.resize((n_tokens + tree_tokens.size()) * vocab);
    if (head_out)
        head_out->resize(n_heads * n_tokens * vocab);
    session.tokens.clear();
    writeKvLen(0);
    const Buffer memory = backend().allocate(2 * size_t(kMaxNodes) * w.x.cols * sizeof(float));
    const Tensor scratch{memory.as<float>(), 2 * int64_t(kMaxNodes), w.x.cols};

    const auto store = [&](Tensor rows, float* to) {
        const Tensor result = logitsRows(int(rows.rows));
        backend().matmul(vocab_matrix, rows, nullptr, Epilogue::store, result);
        backend().download(to, result.data, rows.rows * vocab * sizeof(float));
    };
    for (int64_t first = 0; first < n_tokens;) {
        const int m = int(std::min<int64_t>(kMaxNodes, n_tokens - first));
        backend().upload(w.prompt, tokens.data() + first, m * sizeof(int32_t));
        forward(*m_model, session.cache, w, w.prompt, m, nullptr);
        backend().advance(w.state, m);
        const Tensor rows = w.normed.rowsFrom(0, m);
        store(rows, out.data() + first * vocab);
        for (int64_t head = 0; head_out && head < n_heads; head++) {
            const Tensor result = logitsRows(m);
            headLogits(*m_model, int(head), rows, scratch, result);
            backend().download(head_out->data() + (head * n_tokens + first) * vocab, result.data,
                m * vocab * sizeof(float));
        }
        first += m;
    }
    if (!tree_tokens.empty()) {
        writeTree(tree);
        backend().upload(w.prompt, tree_tokens.data(), tree_tokens.size() * sizeof(int32_t));
        forward(*m_model, session.cache, w, w.prompt, tree.nodeCount(), w.tree);
        store(w.normed.rowsFrom(0, tree.nodeCount()), out.data() + n_tokens * vocab);
    }
}

double Engine::timeStep(uint64_t key, int64_t kv_len, const std::function<void()>& enqueue)
{
    writeKvLen(kv_len);
    backend().readRecord(m_workspace.state, m_record); // so that a capture has a place for records
    // Twice where the first one has to find memory.
    for (int i = 0; i < 2 && !backend().holdsStep(key); i++) {
        backend().runStep(key, enqueue);
        writeKvLen(kv_len);
    }
    backend().readRecord(m_workspace.state, m_record); // what was written has arrived
    const auto start = Clock::now();
    backend().runStep(key, enqueue);
    backend().readRecord(m_workspace.state, m_record);
    return microsecondsSince(start);
}

double Engine::timeVerify(Session& session, const CandidateTree& tree, int64_t kv_len)
{
    Workspace& w = m_workspace;
    const int m = tree.nodeCount();
    if (kv_len < 0 || kv_len + tree.depth() >= m_model->context)
        throw std::runtime_error("timed step: expected a position within the context of "
            + std::to_string(m_model->context) + ", found " + std::to_string(kv_len));
    session.tokens.clear(); // the rows hold whatever they hold
    writeTree(tree);
    writeSettings({}, 0);
    const std::vector<int32_t> tokens(m, 1 % int(m_model->vocabMatrix().n_out));
    backend().upload(w.state->tokens, tokens.data(), tokens.size() * sizeof(int32_t));
    const uint64_t key = stepKey(
        {timed_verify, uint64_t(m), addressOf(session.cache.data.as<>()), addressOf(w.state)});
    return timeStep(key, kv_len, [&] { verify(session, m, {}); });
}

double Engine::timeHeads(int n_heads, int top_k)
{
    n_heads = std::min(n_heads, int(m_model->heads.size()));
    const uint64_t key
        = stepKey({timed_heads, uint64_t(n_heads), uint64_t(top_k), addressOf(m_workspace.state)});
    return timeStep(key, 0, [&] { runHeads(*m_model, m_workspace, n_heads, top_k); });
}

double Engine::timePrefill(Session& session, int n)
{
    Workspace& w = m_workspace;
    n = int(std::min<int64_t>(n, m_model->context));
    session.tokens.clear();
    writeKvLen(0);
    const std::vector<int32_t> tokens(size_t(w.x.rows), 1 % int(m_model->vocabMatrix().n_out));
    backend().upload(w.prompt, tokens.data(), tokens.size() * sizeof(int32_t));
    const auto start = Clock::now();
    for (int first = 0; first < n;) {
        const int m = int(chunkEnd(size_t(first), size_t(n), size_t(w.x.rows))) - first;
        placeBlocks(backend(), w, first, m);
        forward(*m_model, session.cache, w, w.prompt, m, nullptr);
        backend().advance(w.state, m);
        first += m;
    }
    backend().readRecord(w.state, m_record);
    return microsecondsSince(start);
}

} // namespace gorgon
