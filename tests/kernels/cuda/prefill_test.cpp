// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>

#include "kernels/cuda/prefill.h"
#include "tests/kernels/cuda/product_data.h"

using namespace gorgon;
using namespace gorgon::cuda;
using namespace gorgon::cuda::tests;
using gorgon::tests::randomFloats;

TEST_CASE("a product of many rows is that of its weights, which may be rounded to bf16 on the way")
{
    constexpr int64_t kOut = 150, kIn = 300, kRows = 100;
    const auto weights = randomFloats(size_t(kOut * kIn), 1, 0.1F);
    const auto bias = randomFloats(size_t(kOut), 2);
    const auto before = randomFloats(size_t(kRows * kOut), 3);
    const DeviceArray<float> bias_on_device(bias);
    for (const DType dtype : kAllFormats) {
        CAPTURE(dtypeName(dtype));
        const DeviceMatrix matrix(dtype, kOut, kIn, weights);
        auto held = matrix.dequantized();
        if (isQuantized(dtype)) {
            for (float& weight : held)
                weight = gorgon::tests::rounded(weight, DType::bf16);
        }
        const DeviceRows x(dtype, kIn, randomFloats(size_t(kRows * kIn), 4));
        // One slab at a time, and all at once.
        for (const size_t slabs : {1, 4}) {
            const size_t bytes = leastUnpackBytes(dtype, kIn) * slabs;
            const DeviceArray<Bf16> unpacked(bytes / sizeof(Bf16) + 1);
            for (const bool has_bias : {false, true}) {
                for (const bool add : {false, true}) {
                    const DeviceArray<float> y(before);
                    Stream stream;
                    Gemm gemm(stream);
                    prefillProduct(stream, gemm, matrix.weights(), x.rows(), kRows,
                        {unpacked.data(), bytes},
                        {y.data(), kOut, has_bias ? bias_on_device.data() : nullptr, add});
                    CHECK(stream.error().empty());
                    const auto result = y.values();
                    double worst = 0;
                    for (int64_t row = 0; row < kRows; row++) {
                        for (int64_t out = 0; out < kOut; out++) {
                            const size_t at = size_t(row * kOut + out);
                            double sum = (has_bias ? double(bias[size_t(out)]) : 0.0)
                                + (add ? double(before[at]) : 0.0);
                            for (int64_t k = 0; k < kIn; k++)
                                sum += double(held[size_t(out * kIn + k)])
                                    * double(x.seen()[size_t(row * kIn + k)]);
                            worst = std::max(worst, std::abs(double(result[at]) - sum));
                        }
                    }
                    CHECK(worst < 1e-5);
                }
            }
        }
    }
}
