// SPDX-License-Identifier: Apache-2.0
// Operations on rows in device memory, for tests.
#pragma once

#include <stdexcept>
#include <vector>

#include "kernels/cuda/pointwise.h"
#include "tests/kernels/cuda/device_array.h"
#include "tests/kernels/test_data.h"

namespace gorgon::cuda::tests {

using namespace gorgon::tests;

/// Rows in device memory and an operation that makes rows of them.
template <class Operation>
std::vector<float> apply(
    const std::vector<float>& x, size_t n_out, uint64_t seed, Operation operation)
{
    const Seed order(seed);
    DeviceArray<float> in(x), out(n_out);
    Stream stream;
    operation(stream, in.data(), out.data());
    stream.synchronize();
    if (!stream.error().empty())
        throw std::runtime_error(stream.error());
    return out.values();
}

inline std::vector<float> rmsNormed(
    const std::vector<float>& x, const std::vector<float>& weight, int64_t m, uint64_t seed = 0)
{
    const int64_t n = int64_t(weight.size());
    const DeviceArray<float> on_device(weight);
    return apply(x, x.size(), seed, [&](Stream& stream, float* in, float* out) {
        enqueueRmsNorm(stream, {in, m, n}, on_device.data(), 1e-5F, {out, m, n});
    });
}

inline std::vector<float> siluTimes(const std::vector<float>& gate_up, int64_t m, int64_t n)
{
    return apply(gate_up, size_t(m * n), 0, [&](Stream& stream, float* in, float* out) {
        enqueueSiluMul(stream, {in, m, 2 * n}, {out, m, n});
    });
}

} // namespace gorgon::cuda::tests
