// SPDX-License-Identifier: Apache-2.0
// Inputs that a product norms or gates on the way have the bits of the separate operations.
#include <doctest/doctest.h>

#include "tests/kernels/test_data.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

struct Shape
{
    int64_t n_out, n_in;
};

/// Products with m rows, normed, gated and plain, each in one and in two operations.
void checkFused(Backend& backend, DType dtype, Shape shape, const std::vector<int>& rows)
{
    CAPTURE(dtypeName(dtype));
    CAPTURE(shape.n_in);
    const int64_t n = shape.n_in;
    const Matrix w = makeMatrix(
        backend, dtype, shape.n_out, n, randomFloats(size_t(shape.n_out * n), 61, 0.1F));
    const auto weight = randomFloats(size_t(n), 62);
    const auto bias = randomFloats(size_t(shape.n_out), 63);
    for (const int m : rows) {
        CAPTURE(m);
        auto x = randomFloats(size_t(m * n), 64, 3);
        auto gate_up = randomFloats(size_t(m * 2 * n), 65, 3);
        const auto before = randomFloats(size_t(m * shape.n_out), 66);
        std::vector<float> made(x.size());
        std::vector<float> y = before, expected = before;
        backend.rmsNorm(view(x, n), weight.data(), 1e-2F, view(made, n));
        backend.matmul(w, view(made, n), bias.data(), Epilogue::add, view(expected, shape.n_out));
        backend.matmul(w, ProductInput::normed(view(x, n), weight.data(), 1e-2F), bias.data(),
            Epilogue::add, view(y, shape.n_out));
        CHECK(sameBits(y.data(), expected.data(), y.size()));
        backend.siluMul(view(gate_up, 2 * n), view(made, n));
        backend.matmul(w, view(made, n), nullptr, Epilogue::store, view(expected, shape.n_out));
        backend.matmul(w, ProductInput::gated(view(gate_up, 2 * n)), nullptr, Epilogue::store,
            view(y, shape.n_out));
        CHECK(sameBits(y.data(), expected.data(), y.size()));
    }
}

constexpr DType kDTypes[] = {DType::f32, DType::bf16, DType::f16, DType::q8, DType::q4};

} // namespace

TEST_CASE("a product of normed or gated rows has the bits of two operations")
{
    for (const int n_threads : {1, 2, 3}) {
        const auto backend = cpu(n_threads);
        for (const DType dtype : kDTypes)
            for (const Shape shape : {Shape{37, 7}, {50, 52}, {33, 255}, {40, 256}, {40, 257},
                     {70, 544}, {70, 801}, {64, 2048}})
                checkFused(*backend, dtype, shape, {1, 2, 5, 8, 13, 40});
    }
}

TEST_CASE("the same with every instruction set")
{
    for (const Instructions most : {Instructions::scalar, Instructions::sse4, Instructions::avx2,
             Instructions::avx512, Instructions::avx512_bf16})
    {
        const Limited limited(most);
        CAPTURE(instructionSetName());
        const auto backend = cpu(2);
        for (const DType dtype : kDTypes)
            for (const Shape shape : {Shape{50, 52}, {40, 544}})
                checkFused(*backend, dtype, shape, {1, 3, 17});
    }
}

TEST_CASE("long rows are packed in parts by several threads, a part of every width")
{
    const auto backend = cpu(4);
    for (const DType dtype : kDTypes)
        for (const Shape shape : {Shape{160, 4096}, {160, 5600}, {160, 5633}})
            checkFused(*backend, dtype, shape, {1, 4, 8, 30});
}

TEST_CASE("a broken row stays broken, its neighbours sound")
{
    const auto backend = cpu(2);
    constexpr int64_t kIn = 300, kOut = 40;
    const auto weight = randomFloats(kIn, 67);
    auto x = randomFloats(3 * kIn, 68);
    for (const DType dtype : kDTypes) {
        CAPTURE(dtypeName(dtype));
        const Matrix w
            = makeMatrix(*backend, dtype, kOut, kIn, randomFloats(size_t(kOut * kIn), 69, 0.1F));
        std::vector<float> sound(3 * kOut), y(3 * kOut);
        const auto multiply = [&](std::vector<float>& rows, std::vector<float>& out) {
            backend->matmul(w, ProductInput::normed(view(rows, kIn), weight.data(), 1e-5F), nullptr,
                Epilogue::store, view(out, kOut));
        };
        multiply(x, sound);
        auto broken = x;
        broken[size_t(kIn + 17)] = NAN;
        multiply(broken, y);
        CHECK(std::isnan(y[size_t(kOut)]));
        CHECK(sameBits(y.data(), sound.data(), kOut));
        CHECK(sameBits(y.data() + 2 * kOut, sound.data() + 2 * kOut, kOut));
    }
}
