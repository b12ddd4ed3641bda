// SPDX-License-Identifier: Apache-2.0
#include "core/eval/perplexity.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/model/transformer.h"

namespace gorgon {

namespace {

/// Logits of one window, a chunk of rows at a time, so that memory does not grow with the context.
class LogitStream
{
public:
    explicit LogitStream(std::shared_ptr<const Model> model)
        : m_model(std::move(model))
        , m_workspace(*m_model)
        , m_vocab(m_model->vocabMatrix().n_out)
    {
        m_cache = makeKvCache(*m_model);
        m_device_logits = backend().allocate(size_t(kMaxNodes) * size_t(m_vocab) * sizeof(float));
        m_logits.resize(size_t(kMaxNodes) * size_t(m_vocab));
    }

    void beginWindow()
    {
        const int64_t none = 0;
        static_assert(sizeof none >= sizeof m_workspace.state->kv_len);
        backend().upload(&m_workspace.state->kv_len, &none, sizeof m_workspace.state->kv_len);
    }

    /// (tokens.size(), vocab), valid until the next call; at most kMaxNodes tokens.
    const float* next(std::span<const int32_t> tokens)
    {
        Workspace& w = m_workspace;
        const int m = int(tokens.size());
        backend().upload(w.prompt, tokens.data(), tokens.size_bytes());
        forward(*m_model, m_cache, w, w.prompt, m, nullptr);
        backend().advance(w.state, m);
        const Tensor logits{m_device_logits.as<float>(), m, m_vocab};
        backend().matmul(
            m_model->vocabMatrix(), w.normed.rowsFrom(0, m), nullptr, Epilogue::store, logits);
        backend().download(m_logits.data(), logits.data, size_t(m * m_vocab) * sizeof(float));
        return m_logits.data();
    }

private:
    Backend& backend() const { return *m_model->backend; }

    std::shared_ptr<const Model> m_model;
    Workspace m_workspace;
    int64_t m_vocab;
    KvCache m_cache;
    Buffer m_device_logits;
    std::vector<float> m_logits;
};

/// ln of the sum of e^logit.
double logSum(std::span<const float> logits)
{
    const double most = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const float logit : logits)
        sum += std::exp(double(logit) - most);
    const double result = most + std::log(sum);
    if (!std::isfinite(result))
        throw std::runtime_error("the model: expected finite logits, found invalid numbers; its "
                                 "weights are damaged or too large for the format");
    return result;
}

double divergence(
    std::span<const float> p, double p_log_sum, std::span<const float> q, double q_log_sum)
{
    double sum = 0;
    for (size_t i = 0; i < p.size(); i++) {
        const double log_p = double(p[i]) - p_log_sum;
        sum += std::exp(log_p) * (log_p - (double(q[i]) - q_log_sum));
    }
    return std::max(sum, 0.0);
}

int64_t likeliest(std::span<const float> logits)
{
    return std::max_element(logits.begin(), logits.end()) - logits.begin();
}

class Measurement
{
public:
    Measurement(std::shared_ptr<const Model> model, const std::shared_ptr<const Model>& against)
        : m_vocab(size_t(model->vocabMatrix().n_out))
        , m_stream(std::move(model))
    {
        if (against)
            m_against.emplace(against);
    }

    void beginWindow()
    {
        m_n_windows++;
        m_stream.beginWindow();
        if (m_against)
            m_against->beginWindow();
    }

    /// targets[i] follows inputs[i]; -1: nothing does.
    void add(std::span<const int32_t> inputs, std::span<const int32_t> targets)
    {
        const float* const rows = m_stream.next(inputs);
        const float* const other_rows = m_against ? m_against->next(inputs) : nullptr;
        for (size_t i = 0; i < inputs.size(); i++) {
            if (targets[i] < 0)
                continue;
            const std::span row(rows + i * m_vocab, m_vocab);
            const double log_sum = logSum(row);
            m_nll += log_sum - double(row[size_t(targets[i])]);
            m_n_tokens++;
            if (!other_rows)
                continue;
            const std::span other(other_rows + i * m_vocab, m_vocab);
            const double other_log_sum = logSum(other);
            m_other_nll += other_log_sum - double(other[size_t(targets[i])]);
            const double kl = divergence(other, other_log_sum, row, log_sum);
            m_kl += kl;
            m_max_kl = std::max(m_max_kl, kl);
            m_same_top += likeliest(row) == likeliest(other);
        }
    }

    PerplexityReport report() const
    {
        PerplexityReport report;
        report.n_tokens = m_n_tokens;
        report.n_windows = m_n_windows;
        const double n = double(std::max<int64_t>(m_n_tokens, 1));
        report.nll = m_nll / n;
        report.perplexity = std::exp(report.nll);
        if (m_against) {
            // note: emplace() of a nested aggregate is one that Clang 14 refuses.
            PerplexityReport::Against& against = *(report.against = PerplexityReport::Against());
            against.nll = m_other_nll / n;
            against.perplexity = std::exp(against.nll);
            against.relative_difference = report.perplexity / against.perplexity - 1;
            against.mean_kl = m_kl / n;
            against.max_kl = m_max_kl;
            against.same_top = double(m_same_top) / n;
        }
        return report;
    }

private:
    size_t m_vocab;
    LogitStream m_stream;
    std::optional<LogitStream> m_against;
    int64_t m_n_tokens = 0;
    int64_t m_n_windows = 0;
    int64_t m_same_top = 0;
    double m_nll = 0;
    double m_other_nll = 0;
    double m_kl = 0;
    double m_max_kl = 0;
};

} // namespace

PerplexityReport measurePerplexity(const std::shared_ptr<const Model>& model,
    const std::shared_ptr<const Model>& against, std::span<const int> tokens,
    std::optional<int> bos, const std::function<void(int64_t done, int64_t total)>& progress,
    std::stop_token stop)
{
    const int64_t vocab = model->vocabMatrix().n_out;
    if (against && against->vocabMatrix().n_out != vocab)
        throw std::runtime_error("perplexity: expected two models with the same vocabulary, found "
            + std::to_string(vocab) + " and " + std::to_string(against->vocabMatrix().n_out)
            + " tokens");
    for (const int id : tokens)
        if (id < 0 || id >= vocab)
            throw std::runtime_error("tokens: expected ids below " + std::to_string(vocab)
                + ", found " + std::to_string(id));
    if (bos && (*bos < 0 || *bos >= vocab))
        throw std::runtime_error("tokens: expected a begin token below " + std::to_string(vocab)
            + ", found " + std::to_string(*bos));
    const int64_t context = against ? std::min(model->context, against->context) : model->context;
    const size_t n_given = bos ? 0 : 1;
    if (context < 2 || tokens.size() < 1 + n_given)
        throw std::runtime_error("perplexity: expected a text of at least "
            + std::to_string(1 + n_given) + " tokens and a context of at least 2, found "
            + std::to_string(tokens.size()) + " and " + std::to_string(context));

    Measurement measurement(model, against);
    const auto n_tokens = int64_t(tokens.size());
    // A window is `context` positions; the last one of them predicts nothing that is in it.
    for (int64_t first = 0; first + int64_t(n_given) < n_tokens && !stop.stop_requested();) {
        const int64_t n = std::min(n_tokens - first, context - (bos ? 1 : 0));
        std::vector<int32_t> window(size_t(n + (bos ? 1 : 0)), bos.value_or(0));
        std::copy_n(tokens.begin() + first, n, window.end() - n);
        first += n;
        std::vector<int32_t> targets(window.begin() + 1, window.end());
        targets.push_back(-1);
        measurement.beginWindow();
        const auto size = int64_t(window.size());
        for (int64_t row = 0; row < size && !stop.stop_requested();) {
            const auto m = size_t(std::min<int64_t>(kMaxNodes, size - row));
            measurement.add(std::span(window).subspan(size_t(row), m),
                std::span(targets).subspan(size_t(row), m));
            row += int64_t(m);
            if (progress)
                progress(first - size + std::min(row, size), n_tokens);
        }
    }
    return measurement.report();
}

} // namespace gorgon
