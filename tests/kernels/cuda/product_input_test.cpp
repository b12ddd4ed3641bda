// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/product_input.h"

#include <doctest/doctest.h>

#include "tests/kernels/cuda/pointwise_data.h"

using namespace gorgon;
using namespace gorgon::cuda;
using namespace gorgon::cuda::tests;

TEST_CASE("rows of a product are those of the operations that are named, rounded")
{
    for (const int64_t n : {int64_t(2), int64_t(130), int64_t(1100)}) {
        for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::q8, DType::q4}) {
            for (const int kind : {0, 1, 2}) { // plain, normed, gated
                CAPTURE(n);
                CAPTURE(dtypeName(dtype));
                CAPTURE(kind);
                const int64_t m = 5, cols = kind == 2 ? 2 * n : n;
                auto x = randomFloats(size_t(m * cols), 11, kind == 0 ? 1 : 2);
                if (kind == 0)
                    x[0] = 1e6F; // beyond f16
                const auto weight = randomFloats(size_t(n), 12);
                const auto made = kind == 0 ? x
                    : kind == 1             ? rmsNormed(x, weight, m)
                                            : siluTimes(x, m, n);

                const Seed order(13);
                DeviceArray<float> in(x);
                const DeviceArray<float> norm(weight);
                DeviceArray<unsigned char> scratch(productRowsBytes(dtype, n));
                const ProductRows rows = productRows(dtype, n, scratch.data());
                ProductInput input(Tensor{in.data(), m, cols});
                if (kind == 1)
                    input = ProductInput::normed(input.x, norm.data(), 1e-5F);
                if (kind == 2)
                    input = ProductInput::gated(input.x);
                Stream stream;
                enqueueProductInput(stream, dtype, input, rows);
                stream.synchronize();
                REQUIRE(stream.error().empty());

                const auto bytes = scratch.values();
                int n_wrong = 0;
                double worst_sum = 0;
                for (int64_t row = 0; row < m; row++) {
                    double sum = 0, magnitude = 0;
                    for (int64_t k = 0; k < rows.stride; k++) {
                        const size_t at = size_t(row * rows.stride + k);
                        const float value = k < n ? made[size_t(row * n + k)] : 0.0F;
                        float held = 0, expected = value;
                        if (dtype == DType::f32) {
                            std::memcpy(&held, bytes.data() + 4 * at, 4);
                        } else {
                            uint16_t bits = 0;
                            std::memcpy(&bits, bytes.data() + 2 * at, 2);
                            const bool is_f16 = dtype == DType::f16;
                            held = is_f16 ? floatOfF16(bits) : floatOfBf16(bits);
                            expected
                                = rounded(is_f16 ? std::clamp(value, -65504.0F, 65504.0F) : value,
                                    is_f16 ? DType::f16 : DType::bf16);
                        }
                        n_wrong += held != expected;
                        sum += double(held);
                        magnitude += std::abs(double(held));
                        if (rows.sums && k % 32 == 31) {
                            float held_sum = 0;
                            const auto* const at_device = reinterpret_cast<unsigned char*>(
                                rows.sums + k / 32 * kInputRows + row);
                            std::memcpy(&held_sum, bytes.data() + (at_device - scratch.data()),
                                sizeof held_sum);
                            worst_sum = std::max(
                                worst_sum, std::abs(double(held_sum) - sum) / (1 + magnitude));
                            sum = magnitude = 0;
                        }
                    }
                }
                CHECK(n_wrong == 0);
                CHECK(worst_sum < 1e-6);
                CHECK((rows.sums != nullptr) == (dtype == DType::q4));
            }
        }
    }
}
