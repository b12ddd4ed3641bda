// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/backend.h"
#include "kernels/cpu/parallel.h"

namespace gorgon {

/// As the operations of Backend.
void cpuPropose(const TreeTables* tree, int n_heads_run, StepState* state);
void cpuAccept(const TreeTables* tree, StepState* state);
void cpuCommit(ThreadPool& pool, KvCache& cache, StepState* state);

} // namespace gorgon
