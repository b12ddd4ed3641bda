// SPDX-License-Identifier: Apache-2.0
#include "core/eval/prove.h"

#include <algorithm>

namespace gorgon {

Proof prove(Engine& engine, Session& session, std::span<const int> prompt,
    GenerateSettings settings, std::stop_token stop)
{
    Proof proof;
    const auto run = [&](const GenerateSettings& with) {
        session.tokens.clear();
        return engine.generate(session, prompt, with, {}, stop);
    };
    GenerateSettings without = settings;
    without.tree = {};
    proof.plain = run(without);
    settings.seed = without.seed = proof.plain.seed;
    proof.speculative = run(settings);

    const std::vector<int>& a = proof.plain.tokens;
    const std::vector<int>& b = proof.speculative.tokens;
    const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (stop.stop_requested() || (in_a == a.end() && in_b == b.end()))
        return proof;
    proof.first_difference = int(in_a - a.begin());
    std::vector<int> tokens(prompt.begin(), prompt.end());
    tokens.insert(tokens.end(), a.begin(), in_a);
    std::vector<float> logits;
    engine.logits(session, tokens, {}, {}, logits, nullptr);
    const int64_t vocab = engine.model().vocabMatrix().n_out;
    const float* row = logits.data() + (int64_t(tokens.size()) - 1) * vocab;
    if (in_a != a.end()) {
        proof.plain_token = *in_a;
        proof.plain_logit = row[*in_a];
    }
    if (in_b != b.end()) {
        proof.speculative_token = *in_b;
        proof.speculative_logit = row[*in_b];
    }
    return proof;
}

} // namespace gorgon
