// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/pointwise.h"

#include <doctest/doctest.h>

#include <limits>

#include "kernels/cuda/pack.h"
#include "tests/kernels/cuda/pointwise_data.h"

using namespace gorgon;
using namespace gorgon::cuda;
using namespace gorgon::cuda::tests;

namespace {

constexpr int64_t kWidths[] = {1, 6, 31, 33, 256, 300, 1025};

/// Largest difference, in units of 1 + |y|; both may be NaN.
double differenceOf(const std::vector<float>& x, const std::vector<double>& y)
{
    double worst = 0;
    for (size_t i = 0; i < x.size(); i++) {
        if (std::isnan(x[i]) != std::isnan(y[i]))
            return 1e9;
        if (!std::isnan(y[i]))
            worst = std::max(worst, std::abs(double(x[i]) - y[i]) / (1 + std::abs(y[i])));
    }
    return worst;
}

double siluOf(double g)
{
    return g / (1 + std::exp(-g));
}

} // namespace

TEST_CASE("rmsNorm equals its formula, and a row its bits among others")
{
    for (const int64_t n : kWidths) {
        CAPTURE(n);
        const int64_t m = 7;
        auto x = randomFloats(size_t(m * n), 1, 3);
        for (int64_t k = 0; k < n; k++) {
            x[size_t(n + k)] *= 1e-20F;
            x[size_t(2 * n + k)] *= 1e15F;
        }
        x[size_t(3 * n)] = NAN;
        const auto weight = randomFloats(size_t(n), 2);
        std::vector<double> expected;
        for (int64_t row = 0; row < m; row++) {
            double squares = 0;
            for (int64_t k = 0; k < n; k++)
                squares += double(x[size_t(row * n + k)]) * double(x[size_t(row * n + k)]);
            for (int64_t k = 0; k < n; k++)
                expected.push_back(double(x[size_t(row * n + k)])
                    / std::sqrt(squares / double(n) + 1e-5) * double(weight[size_t(k)]));
        }
        const auto out = rmsNormed(x, weight, m);
        CHECK(differenceOf(out, expected) < 2e-6);
        const auto shuffled = rmsNormed(x, weight, m, 9);
        CHECK(sameBits(out.data(), shuffled.data(), out.size()));
        for (int64_t row = 0; row < m; row++) {
            const std::vector<float> one(x.begin() + row * n, x.begin() + (row + 1) * n);
            CHECK(sameBits(rmsNormed(one, weight, 1).data(), out.data() + row * n, size_t(n)));
        }
    }
}

TEST_CASE("rmsNorm in place")
{
    const auto x = randomFloats(3 * 300, 3), weight = randomFloats(300, 4);
    const auto expected = rmsNormed(x, weight, 3);
    DeviceArray<float> rows(x);
    const DeviceArray<float> on_device(weight);
    const Seed order(5);
    Stream stream;
    enqueueRmsNorm(stream, {rows.data(), 3, 300}, on_device.data(), 1e-5F, {rows.data(), 3, 300});
    stream.synchronize();
    CHECK(rows.values() == expected);
}

TEST_CASE("siluMul and addSilu equal their formulas at any magnitude")
{
    const float infinity = std::numeric_limits<float>::infinity();
    for (const int64_t n : kWidths) {
        CAPTURE(n);
        const int64_t m = 3;
        auto x = randomFloats(size_t(m * 2 * n), 6, 4);
        const float extremes[]
            = {0.0F, -0.0F, -87.0F, -88.5F, -1000.0F, 88.0F, 1e30F, -1e30F, 1e-40F, NAN};
        for (size_t i = 0; i < std::size(extremes) && i < size_t(n); i++)
            x[i] = extremes[i];
        std::vector<double> gated, added;
        for (int64_t row = 0; row < m; row++)
            for (int64_t k = 0; k < n; k++)
                gated.push_back(siluOf(double(x[size_t(row * 2 * n + k)]))
                    * double(x[size_t((row * 2 + 1) * n + k)]));
        CHECK(differenceOf(siluTimes(x, m, n), gated) < 2e-6);

        const auto base = randomFloats(x.size(), 7);
        for (size_t i = 0; i < x.size(); i++)
            added.push_back(double(base[i]) + siluOf(double(x[i])));
        const DeviceArray<float> base_rows(base);
        CHECK(differenceOf(apply(x, x.size(), 0,
                               [&](Stream& stream, float* in, float* out) {
                                   enqueueAddSilu(stream, {in, m, 2 * n},
                                       {base_rows.data(), m, 2 * n}, {out, m, 2 * n});
                               }),
                  added)
            < 2e-6);
    }
    CHECK(siluTimes({infinity, 1}, 1, 1)[0] == infinity);
}

TEST_CASE("keepAccepted takes the row of the last accepted node")
{
    const auto x = randomFloats(6 * 33, 8);
    std::vector<StepState> states(1);
    states[0].record.accept_length = 2;
    states[0].record.path[1] = 3;
    states[0].record.path[2] = 5;
    const DeviceArray<StepState> state(states);
    const auto row = apply(x, 33, 0, [&](Stream& stream, float* in, float* out) {
        enqueueKeepAccepted(stream, {in, 6, 33}, state.data(), {out, 1, 33});
    });
    CHECK(sameBits(row.data(), x.data() + 5 * 33, 33));
}

TEST_CASE("embed gives rows of tables of every format, zeros outside")
{
    const int64_t n_out = 70, n_in = 288;
    const auto weights = randomFloats(size_t(n_out * n_in), 10);
    const std::vector<int32_t> tokens{0, 69, -1, 3, 70, 17, 3};
    ThreadPool pool(1);
    for (const DType dtype : {DType::f32, DType::bf16, DType::f16, DType::q8, DType::q4}) {
        CAPTURE(dtypeName(dtype));
        Stream stream;
        Matrix table;
        const size_t bytes = weightBytes(dtype, n_out, n_in);
        table.data = Buffer(allocateDevice(bytes), bytes, releaseDevice);
        fillZero(stream, table.data.as<void>(), bytes);
        table.dtype = dtype;
        table.n_out = n_out;
        table.n_in = n_in;
        setMatrixRows(stream, pool, table, 0, n_out, weights.data(), DType::f32);
        const DeviceArray<int32_t> on_device(tokens);
        DeviceArray<float> x(tokens.size() * size_t(n_in));
        enqueueEmbed(stream, table, on_device.data(), {x.data(), int64_t(tokens.size()), n_in});
        stream.synchronize();
        REQUIRE(stream.error().empty());

        // What the CPU holds of the same table, quantized alike.
        const auto backend = cpu(1);
        const Matrix of_cpu = makeMatrix(*backend, dtype, n_out, n_in, weights);
        std::vector<float> expected(x.size());
        backend->embed(of_cpu, tokens.data(), view(expected, n_in));
        std::vector<double> wide(expected.begin(), expected.end());
        CHECK(differenceOf(x.values(), wide) < 1e-7);
    }
}
