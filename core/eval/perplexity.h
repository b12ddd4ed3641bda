// SPDX-License-Identifier: Apache-2.0
// How well a model foresees a text, and how far another weight format moves its predictions.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>

#include "core/model/model.h"

namespace gorgon {

struct PerplexityReport
{
    int64_t n_tokens = 0; // predicted
    int64_t n_windows = 0;
    double nll = 0; // mean negative ln p of the tokens
    double perplexity = 1; // e^nll

    /// The other model on the same text, and the distance of the two predictions.
    struct Against
    {
        double nll = 0;
        double perplexity = 1;
        double relative_difference = 0; // perplexity / against.perplexity - 1
        double mean_kl = 0; // mean over positions of sum p_against ln(p_against / p), nats
        double max_kl = 0;
        double same_top = 0; // share of positions whose likeliest token is the same
    };
    std::optional<Against> against;
};

/// The text is cut into windows that follow each other: `bos`, where there is one, and the next
/// context - 1 tokens, each predicted from those before it in the window; without bos the first
/// token of a window is given, not predicted. tokens: without a begin token. against: a model with
/// the same vocabulary, or nullptr.
/// Throws std::runtime_error where there is nothing to predict, an id lies outside the vocabulary
/// or the model computes invalid numbers. A stop leaves what was measured by then.
PerplexityReport measurePerplexity(const std::shared_ptr<const Model>& model,
    const std::shared_ptr<const Model>& against, std::span<const int> tokens,
    std::optional<int> bos, const std::function<void(int64_t done, int64_t total)>& progress = {},
    std::stop_token stop = {});

} // namespace gorgon
