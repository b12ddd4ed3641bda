// SPDX-License-Identifier: Apache-2.0
// The vocabulary matrix that a model's own logits come from, as it is stored.
#pragma once

#include "core/model/load_plan.h"

namespace gorgon {

/// The embedding where they are tied; empty where it is not one stored tensor of just these rows.
inline StoredTensor storedVocab(const LoadPlan& plan)
{
    const PlannedMatrix& matrix = plan.lm_head ? plan.lm_head : plan.embedding;
    const bool is_whole
        = matrix.parts.size() == 1 && matrix.parts.front().info->shape[0] == matrix.n_out;
    return is_whole ? matrix.parts.front() : StoredTensor();
}

} // namespace gorgon
