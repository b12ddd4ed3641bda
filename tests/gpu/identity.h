// SPDX-License-Identifier: Apache-2.0
// Whether drafted text is plain text on a device, token by token.
#pragma once

#include <memory>

#include "kernels/backend.h"
#include "tests/gpu/report.h"

namespace gorgon::gpu {

struct IdentityOptions
{
    int n_prompts = 1000; // of all models together, each greedy and once more at temperature 0.8
    int n_tokens = 64;
    int most_shapes = 100;
    int longest_prompt = 300; // beyond one chunk of a prefill

    int longest() const { return 4 * longest_prompt; } // of some: chunks that are read together
};

/// Prints a table; counts every prompt whose texts differ.
void checkIdentity(
    const std::shared_ptr<Backend>& backend, const IdentityOptions& options, Findings& findings);

} // namespace gorgon::gpu
