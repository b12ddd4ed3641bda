// SPDX-License-Identifier: Apache-2.0
// Plain and speculative decoding of one prompt side by side: the first promise, checked on the
// spot.
#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "core/decode/engine.h"

namespace gorgon {

struct Proof
{
    GenerateResult plain;
    GenerateResult speculative;
    int first_difference = -1; // token of the answer; -1: equal
    // At the first difference: the model's logits of both tokens (an answer that ended there has
    // none).
    int plain_token = -1;
    int speculative_token = -1;
    float plain_logit = 0;
    float speculative_logit = 0;

    bool equal() const { return first_difference < 0; }
};

/// Both start from an empty cache with the same settings and seed; `settings.tree` is the drafted
/// one.
Proof prove(Engine& engine, Session& session, std::span<const int> prompt,
    GenerateSettings settings, std::stop_token stop = {});

} // namespace gorgon
