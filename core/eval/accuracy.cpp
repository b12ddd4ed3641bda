// SPDX-License-Identifier: Apache-2.0
#include "core/eval/accuracy.h"

#include <algorithm>

namespace gorgon {

namespace {

class Judge
{
public:
    Judge(Engine& engine, Session& session, int n_ranks)
        : m_engine(engine)
        , m_session(session)
        , m_vocab(engine.model().vocabMatrix().n_out)
    {
        const size_t n_heads = engine.model().heads.size();
        m_table.samples.assign(n_heads, 0);
        m_table.hits.assign(n_heads, std::vector<int64_t>(std::max(0, n_ranks), 0));
    }

    /// Judges the heads at positions first ... tokens.size() - 3 by the tokens that follow there.
    void judge(std::span<const int> tokens, int64_t first)
    {
        const auto n = int64_t(tokens.size());
        const auto n_heads = int64_t(m_table.hits.size());
        m_engine.logits(m_session, tokens, {}, {}, m_logits, &m_head_logits);
        for (int64_t head = 0; head < n_heads; head++)
            for (int64_t t = first; t + head + 2 < n; t++) {
                const float* row = m_head_logits.data() + (head * n + t) * m_vocab;
                const int64_t rank = rankOf(row, tokens[t + head + 2]);
                m_table.samples[head]++;
                if (rank < int64_t(m_table.hits[head].size()))
                    m_table.hits[head][rank]++;
            }
    }

    AccuracyTable& table() { return m_table; }

private:
    /// Place of a token among all by logit; the lower id goes first on a tie.
    int64_t rankOf(const float* row, int token) const
    {
        int64_t rank = 0;
        for (int64_t id = 0; id < m_vocab; id++)
            rank += row[id] > row[token] || (row[id] == row[token] && id < token);
        return rank;
    }

    Engine& m_engine;
    Session& m_session;
    int64_t m_vocab;
    AccuracyTable m_table;
    std::vector<float> m_logits;
    std::vector<float> m_head_logits;
};

} // namespace

AccuracyTable measureAccuracy(Engine& engine, Session& session,
    const std::vector<std::vector<int>>& prompts, int new_tokens, int n_ranks,
    const AccuracyProgress& progress, std::stop_token stop)
{
    Judge judge(engine, session, n_ranks);
    GenerateSettings settings;
    settings.max_tokens = new_tokens + 1;
    settings.ignore_eos = true;
    for (size_t i = 0; i < prompts.size() && !stop.stop_requested(); i++) {
        std::vector<int> tokens = prompts[i];
        const auto answer = engine.generate(session, tokens, settings, {}, stop);
        tokens.insert(tokens.end(), answer.tokens.begin(), answer.tokens.end());
        judge.judge(tokens, int64_t(prompts[i].size()) - 1);
        if (progress)
            progress(int(i + 1), int(prompts.size()));
    }
    return judge.table();
}

AccuracyTable measureTextAccuracy(Engine& engine, Session& session, std::span<const int> text,
    int n_ranks, const AccuracyProgress& progress, std::stop_token stop)
{
    Judge judge(engine, session, n_ranks);
    const auto window = size_t(std::min<int64_t>(engine.model().context, 512));
    for (size_t first = 0; first + 2 < text.size() && !stop.stop_requested(); first += window) {
        judge.judge(text.subspan(first, std::min(window, text.size() - first)), 0);
        if (progress)
            progress(int(std::min(first + window, text.size())), int(text.size()));
    }
    return judge.table();
}

} // namespace gorgon
