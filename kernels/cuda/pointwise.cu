// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/pointwise.h"

#include "kernels/cuda/pack.h"
#include "kernels/cuda/pointwise_rows.h"

namespace gorgon::cuda {

namespace {

constexpr int kElementThreads = 256;

/// A thread takes one element of x.
GORGON_KERNEL void GORGON_LAUNCH_BOUNDS(kElementThreads, 1)
    embedKernel(Weights table, const int32_t* tokens, Tensor x)
{
    const int64_t i = int64_t(blockIndex()) * kElementThreads + threadIndex();
    if (i >= x.rows * x.cols)
        return;
    const int32_t token = tokens[i / x.cols];
    x.data[i] = token >= 0 && token < table.n_out ? weightAt(table, token, i % x.cols) : 0.0F;
}

/// A block takes one row. x may be y: each element is written by the thread that read it last.
GORGON_KERNEL void GORGON_LAUNCH_BOUNDS(kRowThreads, 1)
    rmsNormKernel(Tensor x, const float* weight, float eps, Tensor y)
{
    GORGON_SHARED(float, partial, kRowThreads / kWarp);
    const float* const from = x.data + blockIndex() * x.cols;
    float* const to = y.data + blockIndex() * y.cols;
    const float scale = rmsScale(from, x.cols, eps, partial);
    for (int64_t k = threadIndex(); k < x.cols; k += kRowThreads)
        to[k] = normed(from[k], scale, weight[k]);
}

/// A thread takes one element of h.
GORGON_KERNEL void GORGON_LAUNCH_BOUNDS(kElementThreads, 1) siluMulKernel(Tensor gate_up, Tensor h)
{
    const int64_t i = int64_t(blockIndex()) * kElementThreads + threadIndex();
    if (i >= h.rows * h.cols)
        return;
    const float* const gate = gate_up.data + i / h.cols * gate_up.cols + i % h.cols;
    h.data[i] = mulRn(silu(gate[0]), gate[h.cols]);
}

/// A thread takes one element of y.
GORGON_KERNEL void GORGON_LAUNCH_BOUNDS(kElementThreads, 1)
    addSiluKernel(Tensor h, Tensor x, Tensor y)
{
    const int64_t i = int64_t(blockIndex()) * kElementThreads + threadIndex();
    if (i < y.rows * y.cols)
        y.data[i] = addRn(x.data[i], silu(h.data[i]));
}

/// A thread takes one element of y.
GORGON_KERNEL void GORGON_LAUNCH_BOUNDS(kElementThreads, 1)
    keepAcceptedKernel(Tensor x, const StepState* state, Tensor y)
{
    const int64_t i = int64_t(blockIndex()) * kElementThreads + threadIndex();
    const int64_t node = state->record.path[state->record.accept_length];
    if (i < y.cols)
        y.data[i] = x.data[node * x.cols + i];
}

int blocksOf(int64_t n)
{
    return int((n + kElementThreads - 1) / kElementThreads);
}

} // namespace

void enqueueEmbed(Stream& stream, const Matrix& table, const int32_t* tokens, Tensor x)
{
    launch(stream, embedKernel, blocksOf(x.rows * x.cols), kElementThreads, 0, weightsOf(table),
        tokens, x);
}

void enqueueRmsNorm(Stream& stream, Tensor x, const float* weight, float eps, Tensor y)
{
    launch(stream, rmsNormKernel, int(x.rows), kRowThreads, 0, x, weight, eps, y);
}

void enqueueSiluMul(Stream& stream, Tensor gate_up, Tensor h)
{
    launch(stream, siluMulKernel, blocksOf(h.rows * h.cols), kElementThreads, 0, gate_up, h);
}

void enqueueAddSilu(Stream& stream, Tensor h, Tensor x, Tensor y)
{
    launch(stream, addSiluKernel, blocksOf(y.rows * y.cols), kElementThreads, 0, h, x, y);
}

void enqueueKeepAccepted(Stream& stream, Tensor x, const StepState* state, Tensor y)
{
    launch(stream, keepAcceptedKernel, blocksOf(y.cols), kElementThreads, 0, x, state, y);
}

} // namespace gorgon::cuda
