// SPDX-License-Identifier: Apache-2.0
// What steps of a large model cost on a device, and whether that is what they should.
#pragma once

#include <memory>
#include <vector>

#include "core/model/model_config.h"
#include "kernels/backend.h"
#include "tests/gpu/report.h"

namespace gorgon::gpu {

struct SpeedOptions
{
    ModelConfig config;
    int64_t context = 2304;
    int prompt_tokens = 2048; // of the prefill, which the steps follow
    int n_steps = 96; // of each size, at least
    double read_gbs = 0; // 1e9 bytes a second of a plain read; 0: not known
    std::vector<int> tree_sizes{1, 2, 8, 16, 24, 32, 48, 64};
    bool has_prefill = true;
};

/// Prints of each format of weights: steps by nodes, parts of a step beside the reference's,
/// prefill beside cuBLAS, and targets. Fewer layers where all of them do not fit.
void measureSpeed(const std::shared_ptr<Backend>& backend, const SpeedOptions& options,
    const std::vector<DType>& formats);

/// Operations a second of the products of a layer, by cuBLAS on bf16 weights and n_rows rows.
double measureGemm(const ModelConfig& config, int n_rows);

} // namespace gorgon::gpu
