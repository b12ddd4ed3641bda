// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/kernels/cuda/product_data.h"

using namespace gorgon;
using namespace gorgon::cuda;
using namespace gorgon::cuda::tests;

namespace {

struct Shape
{
    int64_t n_out, n_in;
};
constexpr Shape kShapes[] = {{1, 1}, {37, 83}, {64, 256}, {130, 300}, {65, 129}, {17, 640}};

/// The weights that the CPU holds of these.
std::vector<float> weightsOnCpu(DType dtype, Shape shape, const std::vector<float>& source)
{
    auto backend = gorgon::tests::cpu(1);
    const Matrix matrix
        = gorgon::tests::makeMatrix(*backend, dtype, shape.n_out, shape.n_in, source);
    std::vector<float> values(size_t(shape.n_out * shape.n_in));
    for (int32_t row = 0; row < shape.n_out; row++)
        backend->embed(matrix, &row, gorgon::tests::view(values, shape.n_in).rowsFrom(row, 1));
    return values;
}

bool sameOrBothNaN(float a, float b)
{
    return a == b || (std::isnan(a) && std::isnan(b));
}

} // namespace

TEST_CASE("weights of every format are those of the CPU")
{
    for (const DType dtype : kAllFormats) {
        for (const Shape shape : kShapes) {
            CAPTURE(dtypeName(dtype));
            CAPTURE(shape.n_out);
            CAPTURE(shape.n_in);
            auto source = gorgon::tests::randomFloats(size_t(shape.n_out * shape.n_in), 3, 0.02F);
            if (source.size() > 100)
                source[source.size() / 2] = std::numeric_limits<float>::quiet_NaN();
            const DeviceMatrix matrix(dtype, shape.n_out, shape.n_in, source);
            const auto expected = weightsOnCpu(dtype, shape, source);
            const auto held = matrix.dequantized();
            size_t n_wrong = 0;
            for (size_t i = 0; i < held.size(); i++)
                n_wrong += !sameOrBothNaN(held[i], expected[i]);
            CHECK(n_wrong == 0);
        }
    }
}

TEST_CASE("rows that come in parts make the same matrix")
{
    constexpr int64_t kOut = 150, kIn = 200;
    const auto source = gorgon::tests::randomFloats(size_t(kOut * kIn), 5);
    for (const DType dtype : kAllFormats) {
        CAPTURE(dtypeName(dtype));
        const DeviceMatrix whole(dtype, kOut, kIn, source);
        DeviceMatrix parts(dtype, kOut, kIn);
        const int64_t cuts[] = {0, 5, 16, 17, 63, 70, 128, 149, 150};
        for (size_t i = 8; i-- > 0;) // the last rows first
            parts.set(cuts[i], cuts[i + 1] - cuts[i], source.data() + cuts[i] * kIn, DType::f32);
        CHECK(whole.bytes() == parts.bytes());
    }
}

TEST_CASE("sources of 16 bits are read as they are")
{
    constexpr int64_t kOut = 20, kIn = 70;
    for (const DType source_dtype : {DType::f16, DType::bf16}) {
        std::vector<float> source = gorgon::tests::randomFloats(size_t(kOut * kIn), 6);
        std::vector<uint16_t> bits;
        for (float& value : source) {
            value = gorgon::tests::rounded(value, source_dtype);
            bits.push_back(source_dtype == DType::f16 ? f16OfFloat(value) : bf16OfFloat(value));
        }
        for (const DType dtype : kAllFormats) {
            const DeviceMatrix from_floats(dtype, kOut, kIn, source);
            DeviceMatrix from_bits(dtype, kOut, kIn);
            from_bits.set(0, kOut, bits.data(), source_dtype);
            CHECK(from_floats.bytes() == from_bits.bytes());
        }
    }
}

TEST_CASE("quantized weights are unpacked to bf16 for other libraries")
{
    constexpr int64_t kOut = 150, kIn = 150, kStride = 256, kFirst = 64, kRows = 86;
    const auto source = gorgon::tests::randomFloats(size_t(kOut * kIn), 7);
    Stream stream;
    for (const DType dtype : {DType::q8, DType::q4}) {
        CAPTURE(dtypeName(dtype));
        const DeviceMatrix matrix(dtype, kOut, kIn, source);
        const auto values = matrix.dequantized();
        const DeviceArray<Bf16> out(size_t(128 * kStride));
        unpackRows(stream, matrix.weights(), kFirst, kRows, out.data(), kStride);
        stream.synchronize();
        REQUIRE(stream.error().empty());
        const auto unpacked = out.values();
        for (int64_t row = 0; row < kRows; row++) {
            for (int64_t k = 0; k < kIn; k++) {
                const float weight = values[size_t((kFirst + row) * kIn + k)];
                const float held = floatOfBf16(unpacked[size_t(row * kStride + k)].bits);
                REQUIRE(held == gorgon::tests::rounded(weight, DType::bf16));
            }
        }
    }
}

TEST_CASE("sizes that do not fit are refused")
{
    CHECK_THROWS_AS(weightBytes(DType::q8, 0, 10), std::bad_alloc);
    CHECK_THROWS_AS(weightBytes(DType::f32, int64_t(1) << 40, 1), std::bad_alloc);
    CHECK_THROWS_AS(weightBytes(DType::q4, -5, 8), std::bad_alloc);
    // 4.625 bits a weight.
    CHECK(weightBytes(DType::q4, 4096, 4096) == size_t(4096) * 4096 * 37 / 64);
    CHECK(weightBytes(DType::q8, 4096, 4096) == size_t(4096) * 4096 * 17 / 16);
}
