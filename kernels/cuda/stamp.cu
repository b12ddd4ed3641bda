// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/stamp.h"

#include "kernels/cuda/instructions.h"

namespace gorgon::cuda {

namespace {

constexpr int kThreads = kWarp;

GORGON_KERNEL GORGON_LAUNCH_BOUNDS(kThreads, 1) void stampKernel(StepState* state, int phase)
{
    if (threadIndex() == 0)
        state->record.time_ns[phase] = deviceNanoseconds();
}

} // namespace

void enqueueStamp(Stream& stream, StepState* state, StepPhase phase)
{
    launch(stream, stampKernel, 1, kThreads, 0, state, int(phase));
}

} // namespace gorgon::cuda
