// SPDX-License-Identifier: Apache-2.0
// Candidates onto the tree, and the judgement of its nodes: one block each, a thread per node.
#pragma once

#include "kernels/cuda/runtime.h"
#include "kernels/step_state.h"

namespace gorgon::cuda {

/// As the operations of Backend; tree (or nullptr) and state in device memory.
void enqueuePropose(Stream& stream, const TreeTables* tree, int n_heads_run, StepState* state);
void enqueueAccept(Stream& stream, const TreeTables* tree, StepState* state);

} // namespace gorgon::cuda
