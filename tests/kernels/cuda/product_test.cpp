// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "kernels/cuda/product.h"
#include "tests/kernels/cuda/product_data.h"

using namespace gorgon;
using namespace gorgon::cuda;
using namespace gorgon::cuda::tests;
using gorgon::tests::randomFloats;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kBrief = true;
#else
constexpr bool kBrief = false;
#endif

struct Shape
{
    int64_t n_out, n_in;
};

/// A product with all that it takes.
class Product
{
public:
    Product(const DeviceMatrix& matrix, int n_splits)
        : m_weights(matrix.weights())
    {
        m_plan = planProduct(m_weights.dtype, m_weights.n_out, m_weights.n_in, 1, CacheUse::normal);
        m_plan.n_splits = n_splits;
        m_partials
            = std::vector<float>(partialBytes(m_plan, kInputRows) / sizeof(float), std::nanf(""));
        m_tickets.resize(ticketBytes(m_plan, kInputRows) / sizeof(int));
    }

    /// (m, n_out); y holds what is there before.
    std::vector<float> operator()(const DeviceRows& x, int m, const float* bias = nullptr,
        const std::vector<float>& before = {})
    {
        const size_t n = size_t(m) * size_t(m_weights.n_out);
        const DeviceArray<float> y(before.empty() ? std::vector<float>(n, 7.0F) : before);
        const DeviceArray<float> partials(m_partials);
        const DeviceArray<int> tickets(m_tickets);
        Stream stream;
        product(stream, m_weights, m_plan, x.rows(), m,
            {partials.size() > 0 ? partials.data() : nullptr, tickets.data()},
            {y.data(), m_weights.n_out, bias, !before.empty()});
        stream.synchronize();
        REQUIRE(stream.error().empty());
        CHECK(tickets.values() == m_tickets);
        return y.values();
    }

private:
    Weights m_weights;
    ProductPlan m_plan;
    std::vector<float> m_partials;
    std::vector<int> m_tickets;
};

/// Rows of `from`, in this order.
std::vector<float> rowsOf(const std::vector<float>& from, int64_t n_in, std::vector<int> rows)
{
    std::vector<float> x;
    for (const int row : rows)
        x.insert(x.end(), from.begin() + row * n_in, from.begin() + (row + 1) * n_in);
    return x;
}

} // namespace

TEST_CASE("products of every format are those of their weights and rows in double")
{
    constexpr Shape kShapes[] = {{128, 128}, {1, 1}, {200, 300}, {40, 900}, {129, 33}};
    for (const DType dtype : kAllFormats) {
        for (const Shape shape : kShapes) {
            const auto weights = randomFloats(size_t(shape.n_out * shape.n_in), 1, 0.1F);
            const DeviceMatrix matrix(dtype, shape.n_out, shape.n_in, weights);
            const auto held = matrix.dequantized();
            for (const int m : {1, 9, 70}) {
                CAPTURE(dtypeName(dtype));
                CAPTURE(shape.n_out);
                CAPTURE(shape.n_in);
                CAPTURE(m);
                const DeviceRows x(dtype, shape.n_in, randomFloats(size_t(m * shape.n_in), 2));
                const int n_splits = shape.n_in > 512 ? 7 : 1;
                const auto y = Product(matrix, n_splits)(x, m);
                double worst = 0;
                for (int64_t row = 0; row < m; row++) {
                    for (int64_t out = 0; out < shape.n_out; out++) {
                        double sum = 0, size = 0;
                        for (int64_t k = 0; k < shape.n_in; k++) {
                            const double term = double(held[size_t(out * shape.n_in + k)])
                                * double(x.seen()[size_t(row * shape.n_in + k)]);
                            sum += term;
                            size += std::abs(term);
                        }
                        const double error
                            = std::abs(double(y[size_t(row * shape.n_out + out)]) - sum);
                        worst = std::max(worst, error / (size + 1e-30));
                    }
                }
                CHECK(worst < 1e-6);
            }
        }
    }
}

TEST_CASE("a row has the same bits alone and among any others, in any order of threads")
{
    constexpr int64_t kOut = 150, kIn = 300;
    auto all = randomFloats(size_t(256 * kIn), 4);
    // Neighbours that would spoil any sum that they got into.
    for (int64_t k = 0; k < kIn; k++) {
        all[size_t(3 * kIn + k)] = std::numeric_limits<float>::quiet_NaN();
        all[size_t(12 * kIn + k)] = std::numeric_limits<float>::infinity();
        all[size_t(13 * kIn + k)] *= 1e30F;
        all[size_t(14 * kIn + k)] *= 1e-40F;
    }
    const auto weights = randomFloats(size_t(kOut * kIn), 5, 0.1F);
    for (const DType dtype : kAllFormats) {
        const DeviceMatrix matrix(dtype, kOut, kIn, weights);
        for (int n_splits = kBrief ? 2 : 1; n_splits <= 2; n_splits++) {
            Product compute(matrix, n_splits);
            std::vector<std::vector<float>> alone;
            for (const int row : {0, 5, 14, 40, 69}) {
                const DeviceRows x(dtype, kIn, rowsOf(all, kIn, {row}));
                alone.push_back(compute(x, 1));
            }
            uint64_t seed = 0;
            for (const int m : {2, 15, 24, 27, 41, 64, 70}) {
                CAPTURE(dtypeName(dtype));
                CAPTURE(n_splits);
                CAPTURE(m);
                const Seed use(seed++);
                std::vector<int> rows;
                for (int row = 0; row < m; row++)
                    rows.push_back(row);
                const auto y = compute(DeviceRows(dtype, kIn, rowsOf(all, kIn, rows)), m);
                size_t i = 0;
                for (const int row : {0, 5, 14, 40, 69}) {
                    if (row < m)
                        CHECK(
                            gorgon::tests::sameBits(&y[size_t(row * kOut)], alone[i].data(), kOut));
                    i++;
                }
            }
            // In another place, beside others.
            const DeviceRows x(dtype, kIn, rowsOf(all, kIn, {3, 69, 12, 40, 14, 5, 13, 3, 12, 0}));
            const auto y = compute(x, 10);
            CHECK(gorgon::tests::sameBits(&y[size_t(9 * kOut)], alone[0].data(), kOut));
            CHECK(gorgon::tests::sameBits(&y[size_t(5 * kOut)], alone[1].data(), kOut));
            CHECK(gorgon::tests::sameBits(&y[size_t(1 * kOut)], alone[4].data(), kOut));
        }
    }
}

TEST_CASE("a product of 256 rows is four passes of 64")
{
    constexpr int64_t kOut = 20, kIn = 140;
    const auto all = randomFloats(size_t(256 * kIn), 8);
    for (const DType dtype : kAllFormats) {
        const DeviceMatrix matrix(dtype, kOut, kIn, randomFloats(size_t(kOut * kIn), 9));
        Product compute(matrix, 2);
        const auto y = compute(DeviceRows(dtype, kIn, all), 256);
        for (const int row : {0, 63, 64, 130, 200, 255}) {
            const auto alone = compute(DeviceRows(dtype, kIn, rowsOf(all, kIn, {row})), 1);
            CHECK(gorgon::tests::sameBits(&y[size_t(row * kOut)], alone.data(), kOut));
        }
    }
}

TEST_CASE("bias is added, and the sum to what was there")
{
    constexpr int64_t kOut = 140, kIn = 64;
    const auto bias = randomFloats(size_t(kOut), 10);
    const auto before = randomFloats(size_t(3 * kOut), 11);
    const DeviceArray<float> on_device(bias);
    for (const DType dtype : kAllFormats) {
        const DeviceMatrix matrix(dtype, kOut, kIn, randomFloats(size_t(kOut * kIn), 12));
        const DeviceRows x(dtype, kIn, randomFloats(size_t(3 * kIn), 13));
        Product compute(matrix, 1);
        const auto plain = compute(x, 3);
        const auto with_bias = compute(x, 3, on_device.data());
        const auto added = compute(x, 3, on_device.data(), before);
        for (size_t i = 0; i < plain.size(); i++) {
            REQUIRE(with_bias[i] == plain[i] + bias[i % size_t(kOut)]);
            REQUIRE(added[i] == before[i] + with_bias[i]);
        }
    }
}

TEST_CASE("a plan fills the device and leaves large matrices whole")
{
    const auto splits = [](int64_t n_out, int64_t n_in, int processors) {
        return planProduct(DType::bf16, n_out, n_in, processors, CacheUse::evict_first).n_splits;
    };
    CHECK(splits(4096, 4096, 132) == 4);
    CHECK(splits(32000, 4096, 132) == 1);
    CHECK(splits(128, 128, 132) == 1);
    CHECK(splits(64, 1024, 132) > 1);
    CHECK(splits(128000, 16384, 132) == 2); // no sum is longer than 64 stages
    const ProductPlan plan = planProduct(DType::bf16, 4096, 4096, 132, CacheUse::evict_first);
    CHECK(plan.n_tiles == 32);
    CHECK(partialBytes(plan, 64) == size_t(32 * 4 * 64 * 128) * sizeof(float));
    CHECK(ticketBytes(plan, 65) == 64 * sizeof(int));
}
