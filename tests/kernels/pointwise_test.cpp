// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/kernels/test_data.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

constexpr int64_t kSizes[] = {1, 7, 16, 33, 172, 2048};

double siluOf(double x)
{
    return x / (1 + std::exp(-x));
}

} // namespace

TEST_CASE("rmsNorm, siluMul and addSilu equal their formulas in double")
{
    auto backend = cpu(2);
    for (const int64_t n : kSizes) {
        constexpr int kRows = 9;
        auto x = randomFloats(size_t(kRows * n), 21, 3), h = randomFloats(size_t(kRows * n), 22, 3);
        auto gate_up = randomFloats(size_t(kRows * 2 * n), 23, 3);
        const auto weight = randomFloats(size_t(n), 24);
        std::vector<float> normed(x.size()), product(x.size()), sum(x.size());
        backend->rmsNorm(view(x, n), weight.data(), 1e-5F, view(normed, n));
        backend->siluMul(view(gate_up, 2 * n), view(product, n));
        backend->addSilu(view(h, n), view(x, n), view(sum, n));
        double worst = 0;
        for (size_t r = 0; r < kRows; r++) {
            double squares = 0;
            for (size_t i = 0; i < size_t(n); i++)
                squares += double(x[r * size_t(n) + i]) * double(x[r * size_t(n) + i]);
            const double scale = 1 / std::sqrt(squares / double(n) + 1e-5);
            for (size_t i = 0; i < size_t(n); i++) {
                const size_t at = r * size_t(n) + i;
                const double gate = double(gate_up[r * size_t(2 * n) + i]),
                             up = double(gate_up[r * size_t(2 * n) + size_t(n) + i]);
                const double a = double(x[at]) * scale * double(weight[i]), b = siluOf(gate) * up,
                             c = double(x[at]) + siluOf(double(h[at]));
                worst = std::max({worst, std::abs(a - double(normed[at])) / (std::abs(a) + 1e-6),
                    std::abs(b - double(product[at])) / (std::abs(b) + 1e-6),
                    std::abs(c - double(sum[at])) / (std::abs(c) + 1)});
            }
        }
        CAPTURE(n);
        CHECK(worst < 2e-6);
        backend->addSilu(view(h, n), view(x, n), view(x, n));
        CHECK(sameBits(x.data(), sum.data(), x.size()));
    }
}

TEST_CASE("silu is finite or NaN where it should be")
{
    auto backend = cpu(1);
    std::vector<float> gate_up{-1000, -88.5F, 1000, 0, NAN, 1, 1, 1, 1, 1}, h(5);
    backend->siluMul(view(gate_up, 10), view(h, 5));
    CHECK(h[0] <= 0);
    CHECK(h[0] > -1e-30F);
    CHECK(h[1] <= 0);
    CHECK(h[1] > -1e-30F);
    CHECK(h[2] == 1000);
    CHECK(h[3] == 0);
    CHECK(std::isnan(h[4]));
}

TEST_CASE("a row of a pointwise operation has the same bits alone and among 256")
{
    for (const int n_threads : {1, 2, 3}) {
        auto backend = cpu(n_threads);
        for (const int64_t n : {7, 172}) {
            auto x = randomFloats(size_t(kMaxNodes * n), 25, 2);
            auto gate_up = randomFloats(size_t(kMaxNodes * 2 * n), 26, 2);
            const auto weight = randomFloats(size_t(n), 27);
            std::vector<float> alone(x.size()), alone_product(x.size());
            for (int64_t r = 0; r < kMaxNodes; r++) {
                backend->rmsNorm(
                    view(x, n).rowsFrom(r, 1), weight.data(), 1e-6F, view(alone, n).rowsFrom(r, 1));
                backend->siluMul(
                    view(gate_up, 2 * n).rowsFrom(r, 1), view(alone_product, n).rowsFrom(r, 1));
            }
            int n_wrong = 0;
            for (int64_t m = 1; m <= kMaxNodes; m++) {
                std::vector<float> y(size_t(m * n)), product(y.size());
                backend->rmsNorm(view(x, n).rowsFrom(0, m), weight.data(), 1e-6F, view(y, n));
                backend->siluMul(view(gate_up, 2 * n).rowsFrom(0, m), view(product, n));
                n_wrong += !sameBits(y.data(), alone.data(), y.size());
                n_wrong += !sameBits(product.data(), alone_product.data(), y.size());
            }
            CHECK(n_wrong == 0);
        }
    }
}

TEST_CASE("rmsNorm works in place and keepAccepted copies the accepted row")
{
    auto backend = cpu(1);
    auto x = randomFloats(3 * 40, 28);
    const std::vector<float> weight(40, 1);
    std::vector<float> y(x.size());
    backend->rmsNorm(view(x, 40), weight.data(), 1e-6F, view(y, 40));
    backend->rmsNorm(view(x, 40), weight.data(), 1e-6F, view(x, 40));
    CHECK(x == y);
    StepState state;
    state.record.accept_length = 1;
    state.record.path[1] = 2;
    std::vector<float> kept(40);
    backend->keepAccepted(view(x, 40), &state, view(kept, 40));
    CHECK(sameBits(kept.data(), x.data() + 80, 40));
}
