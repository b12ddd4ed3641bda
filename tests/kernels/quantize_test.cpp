// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/kernels/test_data.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

/// All rows of a matrix as a backend understands them.
std::vector<float> dequantized(Backend& backend, const Matrix& matrix)
{
    std::vector<float> values(size_t(matrix.n_out * matrix.n_in));
    for (int64_t row = 0; row < matrix.n_out; row++) {
        const int32_t token = int32_t(row);
        backend.embed(matrix, &token, view(values, matrix.n_in).rowsFrom(row, 1));
    }
    return values;
}

/// Inputs as a product sees them: 8 bits and a scale per 32, written from its description.
std::vector<float> roundedInputs(const std::vector<float>& x, int64_t n_in)
{
    std::vector<float> out(x.size());
    for (size_t row = 0; row < x.size(); row += size_t(n_in)) {
        for (int64_t k = 0; k < n_in; k += 32) {
            const int64_t n = std::min<int64_t>(32, n_in - k);
            const float* const from = &x[row + size_t(k)];
            float most = 0;
            for (int64_t i = 0; i < n; i++)
                most = std::max(most, std::abs(from[i]));
            for (int64_t i = 0; i < n && most > 0; i++)
                out[row + size_t(k + i)] = most / 127 * std::nearbyint(from[i] * (127 / most));
        }
    }
    return out;
}

std::vector<char> bytesOf(const Matrix& matrix)
{
    const char* const data = matrix.data.as<const char>();
    return {data, data + matrix.data.bytes()};
}

struct Shape
{
    int64_t n_out, n_in;
};

} // namespace

TEST_CASE("q8 is the nearest of 255 multiples of a scale per 32 weights")
{
    auto backend = cpu(2);
    constexpr int64_t kOut = 37, kIn = 83;
    const auto weights = randomFloats(size_t(kOut * kIn), 1, 0.02F);
    const auto stored = dequantized(*backend, makeMatrix(*backend, DType::q8, kOut, kIn, weights));
    int n_wrong = 0;
    for (int64_t row = 0; row < kOut; row++) {
        for (int64_t k = 0; k < kIn; k += 32) {
            const int64_t n = std::min<int64_t>(32, kIn - k);
            const size_t first = size_t(row * kIn + k);
            float most = 0;
            for (size_t i = first; i < first + size_t(n); i++)
                most = std::max(most, std::abs(weights[i]));
            float scale = floatOfF16(f16OfFloat(most / 127));
            if (scale < most / 127)
                scale = floatOfF16(uint16_t(f16OfFloat(most / 127) + 1));
            for (size_t i = first; i < first + size_t(n); i++) {
                const float q = stored[i] / scale;
                n_wrong += q != std::nearbyint(q) || std::abs(q) > 127
                    || std::abs(weights[i] - stored[i]) > scale * 0.50001F;
            }
        }
    }
    CHECK(n_wrong == 0);
}

TEST_CASE("q4 has 16 evenly spaced values per 32 weights, better placed than over their range")
{
    auto backend = cpu(2);
    constexpr int64_t kOut = 40, kIn = 300;
    const auto weights = randomFloats(size_t(kOut * kIn), 2, 0.02F);
    const auto stored = dequantized(*backend, makeMatrix(*backend, DType::q4, kOut, kIn, weights));
    double error = 0, plain_error = 0;
    int n_most = 0;
    for (int64_t row = 0; row < kOut; row++) {
        for (int64_t k = 0; k < kIn; k += 32) {
            const int64_t n = std::min<int64_t>(32, kIn - k);
            const auto begin = weights.begin() + row * kIn + k;
            const float low = std::min(0.0F, *std::min_element(begin, begin + n));
            const float high = std::max(0.0F, *std::max_element(begin, begin + n));
            std::vector<float> values;
            for (int64_t i = 0; i < n; i++) {
                const float w = begin[i], got = stored[size_t(row * kIn + k + i)];
                const float plain
                    = low + std::nearbyint((w - low) / (high - low) * 15) * (high - low) / 15;
                error += double(w - got) * double(w - got);
                plain_error += double(w - plain) * double(w - plain);
                values.push_back(got);
            }
            std::sort(values.begin(), values.end());
            float step = high - low; // the least distance between two of them
            for (size_t i = 1; i < values.size(); i++)
                if (values[i] - values[i - 1] > 1e-6F)
                    step = std::min(step, values[i] - values[i - 1]);
            for (size_t i = 1; i < values.size(); i++) {
                const float steps = (values[i] - values[0]) / step;
                CHECK(std::abs(steps - std::nearbyint(steps)) < 0.01F);
            }
            const float levels = (values.back() - values.front()) / step;
            CHECK(levels < 15.1F);
            n_most = std::max(n_most, int(levels + 0.5F));
        }
    }
    CHECK(n_most == 15);
    CHECK(error < 0.95 * plain_error);
}

TEST_CASE("a quantized product equals a double loop over dequantized weights and rounded inputs")
{
    auto backend = cpu(2);
    for (const DType dtype : {DType::q8, DType::q4}) {
        for (const Shape shape :
            {Shape{1, 1}, {7, 3}, {16, 32}, {320, 172}, {64, 33}, {100, 257}, {300, 1024}})
        {
            const auto weights = randomFloats(size_t(shape.n_out * shape.n_in), 3, 0.1F);
            const Matrix w = makeMatrix(*backend, dtype, shape.n_out, shape.n_in, weights);
            const auto stored = dequantized(*backend, w);
            for (const int m : {1, 2, 5, 12, 13, 40}) {
                auto x = randomFloats(size_t(m * shape.n_in), 4);
                const auto inputs = roundedInputs(x, shape.n_in);
                const auto bias = randomFloats(size_t(shape.n_out), 5);
                const auto before = randomFloats(size_t(m * shape.n_out), 6);
                std::vector<float> y = before, z = before;
                backend->matmul(
                    w, view(x, shape.n_in), nullptr, Epilogue::store, view(y, shape.n_out));
                backend->matmul(
                    w, view(x, shape.n_in), bias.data(), Epilogue::add, view(z, shape.n_out));
                double worst = 0;
                for (int r = 0; r < m; r++) {
                    for (int64_t o = 0; o < shape.n_out; o++) {
                        double sum = 0, size = 1e-30;
                        for (int64_t k = 0; k < shape.n_in; k++) {
                            const double input = double(inputs[size_t(r * shape.n_in + k)]);
                            sum += double(stored[size_t(o * shape.n_in + k)]) * input;
                            // The levels and the minimum of q4 are summed apart.
                            size += 0.5 * std::abs(input);
                        }
                        const size_t i = size_t(r * shape.n_out + o);
                        worst = std::max(worst, std::abs(sum - double(y[i])) / size);
                        const double with_bias = sum + double(bias[size_t(o)]) + double(before[i]);
                        worst = std::max(worst, std::abs(with_bias - double(z[i])) / (size + 4));
                    }
                }
                CAPTURE(dtypeName(dtype));
                CAPTURE(shape.n_out);
                CAPTURE(shape.n_in);
                CAPTURE(m);
                CHECK(worst < 2e-6);
            }
        }
    }
}

namespace {

// Every weight and input at the end of its range: sums of integers are the largest there are.
void checkExtremes()
{
    auto backend = cpu(1);
    constexpr int64_t kOut = 64, kIn = 512;
    for (const float sign : {1.0F, -1.0F}) {
        const std::vector<float> weights(kOut * kIn, sign);
        for (const DType dtype : {DType::q8, DType::q4}) {
            const Matrix w = makeMatrix(*backend, dtype, kOut, kIn, weights);
            const auto stored = dequantized(*backend, w);
            for (const float input : {2.0F, -2.0F}) {
                std::vector<float> x(3 * kIn, input), y(3 * kOut);
                backend->matmul(w, view(x, kIn), nullptr, Epilogue::store, view(y, kOut));
                const double expected = double(stored[0]) * double(input) * kIn;
                for (const float value : y)
                    CHECK(double(value) == doctest::Approx(expected).epsilon(1e-5));
                CHECK(expected == doctest::Approx(sign * input * kIn).epsilon(1e-2));
            }
        }
    }
}

} // namespace

TEST_CASE("extreme inputs and weights are summed exactly with every instruction set")
{
    for (const Instructions most : kEveryInstructions) {
        if (!mayUse(most)) {
            MESSAGE("skipped: this processor lacks instructions " << int(most));
            continue;
        }
        const Limited limited(most);
        CAPTURE(instructionSetName());
        checkExtremes();
    }
}

TEST_CASE("quantized bytes depend neither on the threads nor on the pieces in which rows arrive")
{
    constexpr int64_t kOut = 75, kIn = 300;
    const auto weights = randomFloats(size_t(kOut * kIn), 7);
    for (const DType dtype : {DType::q8, DType::q4}) {
        auto backend = cpu(1);
        const auto expected = bytesOf(makeMatrix(*backend, dtype, kOut, kIn, weights));
        for (const int n_threads : {1, 2, 3}) {
            auto other = cpu(n_threads);
            CHECK(bytesOf(makeMatrix(*other, dtype, kOut, kIn, weights)) == expected);
            Matrix matrix = other->makeMatrix(dtype, kOut, kIn);
            for (const auto& [first, n] : {std::pair{0, 3}, {3, 20}, {23, 1}, {24, 51}})
                other->setRows(matrix, first, n, weights.data() + first * kIn, DType::f32);
            CHECK(bytesOf(matrix) == expected);
        }
        // Bits of a source in 16 bits are taken as they are.
        std::vector<uint16_t> halves;
        std::vector<float> widened;
        for (const float weight : weights) {
            halves.push_back(bf16OfFloat(weight));
            widened.push_back(floatOfBf16(halves.back()));
        }
        Matrix matrix = backend->makeMatrix(dtype, kOut, kIn);
        backend->setRows(matrix, 0, kOut, halves.data(), DType::bf16);
        CHECK(bytesOf(matrix) == bytesOf(makeMatrix(*backend, dtype, kOut, kIn, widened)));
    }
}

TEST_CASE("zeros stay zeros, and what is not finite stays visible")
{
    auto backend = cpu(2);
    for (const DType dtype : {DType::q8, DType::q4}) {
        std::vector<float> weights = randomFloats(20 * 512, 8);
        std::fill_n(weights.begin() + 512, 512, 0.0F);
        weights[2 * 512 + 300] = NAN;
        weights[3 * 512 + 1] = INFINITY;
        const Matrix w = makeMatrix(*backend, dtype, 20, 512, weights);
        const auto stored = dequantized(*backend, w);
        CHECK(std::count(stored.begin() + 512, stored.begin() + 1024, 0.0F) == 512);
        std::vector<float> x = randomFloats(512, 9), y(20);
        backend->matmul(w, view(x, 512), nullptr, Epilogue::store, view(y, 20));
        CHECK(y[1] == 0.0F);
        CHECK(std::isnan(y[2]));
        CHECK(std::isnan(y[3]));
        for (const size_t row : {0U, 4U, 19U})
            CHECK(std::isfinite(y[row]));
    }
}

TEST_CASE("weights of any common size keep their precision")
{
    auto backend = cpu(1);
    for (const float size : {1e-4F, 1e-2F, 1.0F, 100.0F}) {
        const auto weights = randomFloats(64 * 256, 10, size);
        for (const DType dtype : {DType::q8, DType::q4}) {
            const auto stored
                = dequantized(*backend, makeMatrix(*backend, dtype, 64, 256, weights));
            double error = 0, norm = 0;
            for (size_t i = 0; i < weights.size(); i++) {
                error += std::pow(double(weights[i] - stored[i]), 2);
                norm += std::pow(double(weights[i]), 2);
            }
            CAPTURE(size);
            CHECK(std::sqrt(error / norm) < (dtype == DType::q8 ? 0.007 : 0.085));
        }
    }
}

TEST_CASE("project and topK see the logits of a quantized product")
{
    auto backend = cpu(2);
    constexpr int kDim = 72, kVocab = 333;
    for (const DType dtype : {DType::q8, DType::q4}) {
        const Matrix w = makeMatrix(*backend, dtype, kVocab, kDim, randomFloats(kVocab * kDim, 11));
        const TreeTables tree = randomTree(19, 4, 12);
        auto x = randomFloats(19 * kDim, 13);
        std::vector<float> logits(19 * kVocab), product(19 * kVocab);
        StepState state;
        backend->project(w, view(x, kDim), &tree, &state, view(logits, kVocab));
        backend->matmul(w, view(x, kDim), nullptr, Epilogue::store, view(product, kVocab));
        CHECK(sameBits(logits.data(), product.data(), logits.size()));
        backend->topK(w, view(x, kDim).rowsFrom(3, 1), 0, 5, &state);
        const auto row = product.begin() + 3 * kVocab;
        CHECK(state.head_token[0][0] == std::max_element(row, row + kVocab) - row);
    }
}
