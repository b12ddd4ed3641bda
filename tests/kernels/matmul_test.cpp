// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/kernels/test_data.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

constexpr DType kDTypes[] = {DType::f32, DType::bf16, DType::f16};
constexpr DType kAllDTypes[] = {DType::f32, DType::bf16, DType::f16, DType::q8, DType::q4};

struct Shape
{
    int64_t n_out, n_in;
};

} // namespace

TEST_CASE("a product equals a double loop over the stored weights")
{
    auto backend = cpu(2);
    for (const DType dtype : kDTypes) {
        for (const Shape shape :
            {Shape{1, 1}, {7, 3}, {16, 16}, {320, 172}, {64, 33}, {100, 257}, {640, 1024}})
        {
            const auto weights = randomFloats(size_t(shape.n_out * shape.n_in), 1, 0.1F);
            const Matrix w = makeMatrix(*backend, dtype, shape.n_out, shape.n_in, weights);
            for (const int m : {1, 2, 5, 12, 13, 40}) {
                auto x = randomFloats(size_t(m * shape.n_in), 2);
                const auto bias = randomFloats(size_t(shape.n_out), 3);
                const auto before = randomFloats(size_t(m * shape.n_out), 4);
                std::vector<float> y = before, z = before;
                backend->matmul(
                    w, view(x, shape.n_in), nullptr, Epilogue::store, view(y, shape.n_out));
                backend->matmul(
                    w, view(x, shape.n_in), bias.data(), Epilogue::add, view(z, shape.n_out));
                double worst = 0;
                for (int r = 0; r < m; r++) {
                    for (int64_t o = 0; o < shape.n_out; o++) {
                        double sum = 0, size = 0;
                        for (int64_t k = 0; k < shape.n_in; k++) {
                            const double term
                                = double(rounded(weights[size_t(o * shape.n_in + k)], dtype))
                                * double(x[size_t(r * shape.n_in + k)]);
                            sum += term;
                            size += std::abs(term);
                        }
                        const size_t i = size_t(r * shape.n_out + o);
                        worst = std::max(worst, std::abs(sum - double(y[i])) / (size + 1e-30));
                        const double with_bias = sum + double(bias[size_t(o)]) + double(before[i]);
                        worst = std::max(worst, std::abs(with_bias - double(z[i])) / (size + 4));
                    }
                }
                CAPTURE(dtypeName(dtype));
                CAPTURE(shape.n_out);
                CAPTURE(shape.n_in);
                CAPTURE(m);
                CHECK(worst < 1e-5);
            }
        }
    }
}

namespace {

/// Rows of random products alone and among others, bit by bit.
void checkRows(DType dtype, Shape shape)
{
    const auto weights = randomFloats(size_t(shape.n_out * shape.n_in), 5, 0.1F);
    auto x = randomFloats(size_t(kMaxNodes * shape.n_in), 6);
    std::vector<float> alone(size_t(kMaxNodes * shape.n_out));
    {
        auto backend = cpu(1);
        const Matrix w = makeMatrix(*backend, dtype, shape.n_out, shape.n_in, weights);
        for (int r = 0; r < kMaxNodes; r++)
            backend->matmul(w, view(x, shape.n_in).rowsFrom(r, 1), nullptr, Epilogue::store,
                view(alone, shape.n_out).rowsFrom(r, 1));
    }
    for (const int n_threads : {1, 2, 3}) {
        auto backend = cpu(n_threads);
        const Matrix w = makeMatrix(*backend, dtype, shape.n_out, shape.n_in, weights);
        const bool every = shape.n_in == 65;
        int n_wrong = 0;
        for (int m = 1; m <= kMaxNodes; m += every || m < 34 ? 1 : 37) {
            const int first = (m * 7) % (kMaxNodes - m + 1);
            std::vector<float> y(size_t(m * shape.n_out));
            backend->matmul(w, view(x, shape.n_in).rowsFrom(first, m), nullptr, Epilogue::store,
                view(y, shape.n_out));
            n_wrong += !sameBits(y.data(), alone.data() + first * shape.n_out, y.size());
        }
        CHECK(n_wrong == 0);
    }
}

} // namespace

TEST_CASE("a row of a product has the same bits alone and among 256, with any number of threads")
{
    for (const DType dtype : kAllDTypes)
        for (const Shape shape : {Shape{320, 172}, {37, 65}, {200, 768}, {130, 40}})
            checkRows(dtype, shape);
}

TEST_CASE("a row of a product has the same bits with every instruction set")
{
    for (const Instructions most : kEveryInstructions) {
        if (!mayUse(most)) {
            MESSAGE("skipped: this processor lacks instructions " << int(most));
            continue;
        }
        const Limited limited(most);
        CAPTURE(instructionSetName());
        for (const DType dtype : kAllDTypes)
            checkRows(dtype, {37, 544});
    }
}

TEST_CASE("dot products of bf16 round the inputs and nothing else")
{
    if (!mayUse(Instructions::avx512_bf16)) {
        MESSAGE("skipped: this processor has no dot products of bf16");
        return;
    }
    const Limited limited(Instructions::avx512_bf16);
    auto backend = cpu(2);
    constexpr int64_t n_out = 50, n_in = 1023;
    const auto weights = randomFloats(size_t(n_out * n_in), 1, 0.1F);
    const Matrix w = makeMatrix(*backend, DType::bf16, n_out, n_in, weights);
    for (const int m : {1, 7, 40}) {
        auto x = randomFloats(size_t(m * n_in), 2);
        std::vector<float> y(size_t(m * n_out));
        backend->matmul(w, view(x, n_in), nullptr, Epilogue::store, view(y, n_out));
        double worst = 0;
        for (int r = 0; r < m; r++) {
            for (int64_t o = 0; o < n_out; o++) {
                double sum = 0, size = 0;
                for (int64_t k = 0; k < n_in; k++) {
                    const double term = double(rounded(weights[size_t(o * n_in + k)], DType::bf16))
                        * double(rounded(x[size_t(r * n_in + k)], DType::bf16));
                    sum += term;
                    size += std::abs(term);
                }
                worst = std::max(worst, std::abs(sum - double(y[size_t(r * n_out + o)])) / size);
            }
        }
        CAPTURE(m);
        CHECK(worst < 1e-6);
    }
}

TEST_CASE("numbers near the ends of their range have the same bits alone and among others")
{
    constexpr int64_t kIn = 576, kOut = 80, kRows = 20;
    const float scales[] = {1e-40F, 1e-38F, 3e-20F, 1, 1e19F, 1e37F};
    auto weights = randomFloats(size_t(kOut * kIn), 3);
    for (size_t i = 0; i < weights.size(); i++)
        weights[i] *= scales[i / 7 % 6];
    auto backend = cpu(2);
    for (const DType dtype : {DType::f32, DType::bf16}) {
        const Matrix w = makeMatrix(*backend, dtype, kOut, kIn, weights);
        for (const float scale : scales) {
            auto x = randomFloats(size_t(kRows * kIn), 4);
            for (float& value : x)
                value *= scale;
            std::vector<float> together(size_t(kRows * kOut)), alone(together.size());
            backend->matmul(w, view(x, kIn), nullptr, Epilogue::store, view(together, kOut));
            for (int64_t r = 0; r < kRows; r++)
                backend->matmul(w, view(x, kIn).rowsFrom(r, 1), nullptr, Epilogue::store,
                    view(alone, kOut).rowsFrom(r, 1));
            int n_wrong = 0; // NaN, where infinities of both signs meet, has no bits to keep
            for (size_t i = 0; i < alone.size(); i++)
                n_wrong += !sameBits(&together[i], &alone[i], 1)
                    && !(std::isnan(together[i]) && std::isnan(alone[i]));
            CAPTURE(dtypeName(dtype));
            CAPTURE(scale);
            CHECK(n_wrong == 0);
        }
    }
}

TEST_CASE("NaN in one row stays in it")
{
    auto backend = cpu(2);
    const auto weights = randomFloats(64 * 64, 7);
    for (const DType dtype : kAllDTypes)
        for (const int m : {3, 20}) {
            CAPTURE(dtypeName(dtype));
            CAPTURE(m);
            const Matrix w = makeMatrix(*backend, dtype, 64, 64, weights);
            auto x = randomFloats(size_t(m) * 64, 8);
            x[64 + 5] = NAN;
            std::vector<float> y(x.size());
            backend->matmul(w, view(x, 64), nullptr, Epilogue::store, view(y, 64));
            int n_wrong = 0;
            for (size_t i = 0; i < y.size(); i++)
                n_wrong += std::isnan(y[i]) != (i / 64 == 1);
            CHECK(n_wrong == 0);
        }
}

TEST_CASE("rows arrive converted, in pieces and from unaligned memory; embed reads them back")
{
    auto backend = cpu(2);
    constexpr int64_t kOut = 45, kIn = 133;
    const auto weights = randomFloats(size_t(kOut * kIn), 9);
    for (const DType from : kDTypes) {
        std::vector<char> bytes(size_t(kOut * kIn) * dtypeBytes(from) + 1);
        for (size_t i = 0; i < weights.size(); i++) {
            const uint16_t half
                = from == DType::bf16 ? bf16OfFloat(weights[i]) : f16OfFloat(weights[i]);
            if (from == DType::f32)
                std::memcpy(&bytes[1 + 4 * i], &weights[i], 4);
            else
                std::memcpy(&bytes[1 + 2 * i], &half, 2);
        }
        for (const DType to : kDTypes) {
            Matrix matrix = backend->makeMatrix(to, kOut, kIn);
            for (const auto& [first, n] : {std::pair{0, 3}, {3, 20}, {23, 22}})
                backend->setRows(matrix, first, n,
                    bytes.data() + 1 + size_t(first * kIn) * dtypeBytes(from), from);
            std::vector<int32_t> tokens{44, 0, 17, -1, 45, 22};
            std::vector<float> x(tokens.size() * kIn, 7.0F);
            backend->embed(matrix, tokens.data(), view(x, kIn));
            int n_wrong = 0;
            for (size_t r = 0; r < tokens.size(); r++) {
                for (int64_t k = 0; k < kIn; k++) {
                    const bool inside = tokens[r] >= 0 && tokens[r] < kOut;
                    const float expected = inside
                        ? rounded(rounded(weights[size_t(tokens[r] * kIn + k)], from), to)
                        : 0;
                    n_wrong += x[r * kIn + size_t(k)] != expected;
                }
            }
            CHECK(n_wrong == 0);
        }
    }
}

TEST_CASE("conversions to 16 bits round to nearest even")
{
    CHECK(bf16OfFloat(1.0F) == 0x3F80);
    CHECK(bf16OfFloat(1.00390625F) == 0x3F80); // half way, to even
    CHECK(bf16OfFloat(1.01171875F) == 0x3F82);
    CHECK(std::isnan(floatOfBf16(bf16OfFloat(NAN))));
    CHECK(f16OfFloat(1.0F) == 0x3C00);
    CHECK(f16OfFloat(1.00048828125F) == 0x3C00); // half way, to even
    CHECK(f16OfFloat(65519.0F) == 0x7BFF);
    CHECK(f16OfFloat(65520.0F) == 0x7C00);
    CHECK(f16OfFloat(0x1p-24F) == 1);
    CHECK(f16OfFloat(0x1p-25F) == 0); // half way, to even
    CHECK(f16OfFloat(0x1.8p-24F) == 2);
    int n_wrong = 0;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        const float x = floatOfF16(uint16_t(bits));
        n_wrong += !std::isnan(x) && f16OfFloat(x) != bits;
        const float y = floatOfBf16(uint16_t(bits));
        n_wrong += !std::isnan(y) && bf16OfFloat(y) != bits;
    }
    CHECK(n_wrong == 0);
}

TEST_CASE("sizes beyond memory are refused")
{
    auto backend = cpu(1);
    CHECK_THROWS_AS(
        backend->makeMatrix(DType::f32, int64_t(1) << 39, int64_t(1) << 39), std::bad_alloc);
    CHECK_THROWS_AS(backend->makeMatrix(DType::f32, 0, 5), std::bad_alloc);
    CHECK_THROWS_AS(backend->makeKvCache(DType::f32, 1, 1, 64, int64_t(1) << 40), std::bad_alloc);
}
