// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/product_input.h"

#include <cassert>
#include <type_traits>

#include "kernels/cuda/pointwise_rows.h"

namespace gorgon::cuda {

namespace {

constexpr int64_t kPartColumns = 1024; // of a row, that a block makes

struct InputArgs
{
    const float* x = nullptr;
    int64_t x_cols = 0;
    int64_t n_in = 0;
    const float* norm = nullptr;
    float norm_eps = 0;
    bool is_gated = false;
    ProductRows rows;
    int n_parts = 1;
};

template <typename T> GORGON_DEVICE T roundedTo(float x)
{
    if constexpr (std::is_same_v<T, Half>)
        return fromFloat<Half>(clampToHalf(x));
    else if constexpr (std::is_same_v<T, Bf16>)
        return fromFloat<Bf16>(x);
    else
        return x;
}

/// A block makes kPartColumns columns of one row, a thread every kRowThreads-th of them, so that a
/// warp has the 32 of a sum. What norms a row is summed by every block of it, over the whole row.
template <typename T>
GORGON_KERNEL void GORGON_LAUNCH_BOUNDS(kRowThreads, 1) productInputKernel(InputArgs args)
{
    GORGON_SHARED(float, partial, kRowThreads / kWarp);
    constexpr int kEach = int(kPartColumns) / kRowThreads;
    const int row = blockIndex() / args.n_parts;
    const int64_t begin = blockIndex() % args.n_parts * kPartColumns;
    // All is asked for before anything is stored, and of the norm before the predecessor has ended.
    float weight[kEach], value[kEach], up[kEach];
    GORGON_UNROLL
    for (int i = 0; i < kEach; i++) {
        const int64_t k = begin + threadIndex() + i * kRowThreads;
        weight[i] = args.norm && k < args.n_in ? args.norm[k] : 0.0F;
    }
    waitForPredecessor();
    letSuccessorBegin(); // the product, which fetches weights first
    const float* const x = args.x + row * args.x_cols;
    GORGON_UNROLL
    for (int i = 0; i < kEach; i++) {
        const int64_t k = begin + threadIndex() + i * kRowThreads;
        value[i] = k < args.n_in ? x[k] : 0.0F;
        up[i] = args.is_gated && k < args.n_in ? x[args.n_in + k] : 0.0F;
    }
    const float scale = args.norm ? rmsScale(x, args.n_in, args.norm_eps, partial) : 1.0F;
    T* const to = static_cast<T*>(args.rows.values) + row * args.rows.stride;
    GORGON_UNROLL
    for (int i = 0; i < kEach; i++) {
        const int64_t k = begin + threadIndex() + i * kRowThreads;
        if (k >= args.rows.stride)
            break; // whole warps: the stride is a multiple of 128
        float made = value[i];
        if (args.norm && k < args.n_in)
            made = normed(made, scale, weight[i]);
        else if (args.is_gated && k < args.n_in)
            made = mulRn(silu(made), up[i]);
        const T element = roundedTo<T>(made);
        to[k] = element;
        if constexpr (std::is_same_v<T, Bf16>) {
            if (args.rows.sums) {
                const float sum = sumOfWarp(toFloat(element));
                if (laneIndex() == 0)
                    args.rows.sums[k / kWarp * kInputRows + row] = sum;
            }
        }
    }
}

template <typename T> void launchOf(Stream& stream, int64_t n_rows, const InputArgs& args)
{
    launchEarly(stream, productInputKernel<T>, int(n_rows) * args.n_parts, kRowThreads, 0, args);
}

} // namespace

void enqueueProductInput(
    Stream& stream, DType weights, const ProductInput& input, const ProductRows& rows)
{
    assert((input.x.rows <= kInputRows || !rows.sums) && rows.stride == inputStride(input.cols()));
    InputArgs args{
        input.x.data, input.x.cols, input.cols(), input.norm, input.norm_eps, input.is_gated, rows};
    args.n_parts = int((rows.stride + kPartColumns - 1) / kPartColumns);
    if (weights == DType::f32)
        launchOf<float>(stream, input.x.rows, args);
    else if (weights == DType::f16)
        launchOf<Half>(stream, input.x.rows, args);
    else
        launchOf<Bf16>(stream, input.x.rows, args);
}

} // namespace gorgon::cuda
