// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "kernels/cpu/select.h"
#include "tests/kernels/test_data.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

/// The noise as select.h defines it, in plain integers and double.
double referenceNoise(uint64_t seed, uint32_t position, uint32_t token)
{
    std::array<uint32_t, 4> c{token / 4, position, 0, 0};
    uint32_t key0 = uint32_t(seed), key1 = uint32_t(seed >> 32);
    for (int round = 0; round < 10; round++) {
        const uint64_t a = uint64_t(0xD2511F53U) * c[0], b = uint64_t(0xCD9E8D57U) * c[2];
        c = {uint32_t(b >> 32) ^ c[1] ^ key0, uint32_t(b), uint32_t(a >> 32) ^ c[3] ^ key1,
            uint32_t(a)};
        key0 += 0x9E3779B9U;
        key1 += 0xBB67AE85U;
    }
    const double u = (double(c[token % 4]) + 0.5) / 4294967296.0;
    return -std::log(-std::log(u));
}

float noiseOf(uint64_t seed, uint32_t position, uint32_t token)
{
    std::vector<float> noise(64);
    cpuNoise(seed, position, token / 64 * 64, 64, noise.data());
    return noise[token % 64];
}

struct Projection
{
    std::unique_ptr<Backend> backend;
    Matrix w;
    int64_t n_out, n_in;

    Projection(int n_threads, int64_t out, int64_t in, DType dtype = DType::f32)
        : backend(cpu(n_threads))
        , w(makeMatrix(*backend, dtype, out, in, randomFloats(size_t(out * in), 31, 0.4F)))
        , n_out(out)
        , n_in(in)
    {
    }

    /// Logits of the rows alone, as the matrix product gives them.
    std::vector<float> logits(std::vector<float> x)
    {
        std::vector<float> y(x.size() / size_t(n_in) * size_t(n_out));
        backend->matmul(w, view(x, n_in), nullptr, Epilogue::store, view(y, n_out));
        return y;
    }
};

} // namespace

TEST_CASE("project summarises every row as double arithmetic on its logits does")
{
    for (const int64_t n_out : {1, 5, 127, 128, 129, 700}) {
        for (const float temperature : {0.0F, 0.3F, 1.0F, 2.5F}) {
            Projection p(2, n_out, 24);
            const TreeTables tree = randomTree(37, 6, 32);
            auto x = randomFloats(37 * 24, 33);
            StepState state;
            state.kv_len = 1234;
            state.settings.temperature = temperature;
            state.settings.seed = 0x123456789ABCDEFULL;
            for (int node = 0; node < 37; node++)
                state.tokens[node] = node % 5 == 4 ? -1 : int32_t((node * 131) % (n_out + 3));
            std::vector<float> stored(size_t(37 * n_out));
            p.backend->project(p.w, view(x, 24), &tree, &state, view(stored, n_out));
            const auto logits = p.logits(x);
            CHECK(sameBits(stored.data(), logits.data(), logits.size()));
            CHECK(state.record.bad_logits == 0);
            const double t = temperature == 0 ? 1 : double(temperature);
            for (int r = 0; r < 37; r++) {
                const float* const l = logits.data() + r * n_out;
                const auto best = std::max_element(l, l + n_out);
                double z = 0, s = 0, best_value = -1e300;
                int64_t draw = 0;
                for (int64_t i = 0; i < n_out; i++) {
                    const double shifted = (double(l[i]) - double(*best)) / t;
                    z += std::exp(shifted);
                    s += shifted * std::exp(shifted);
                    const double value = double(l[i]) / t
                        + referenceNoise(
                            state.settings.seed, uint32_t(1234 + tree.depth[r]), uint32_t(i));
                    if (value > best_value) {
                        best_value = value;
                        draw = i;
                    }
                }
                if (temperature == 0)
                    draw = best - l;
                CHECK(state.max_logit[r] == *best);
                CHECK(state.argmax[r] == best - l);
                CHECK(state.log_z[r] == doctest::Approx(std::log(z)).epsilon(1e-5));
                CHECK(std::abs(double(state.entropy[r]) - (std::log(z) - s / z)) < 1e-5);
                CHECK(state.draw[r] == draw);
                CHECK(state.draw_logit[r] == l[draw]);
                if (r == 0)
                    continue;
                const int32_t token = state.tokens[r];
                const float child = token < 0 || token >= n_out
                    ? -INFINITY
                    : logits[size_t(tree.parent[r] * n_out + token)];
                CHECK(state.child_logit[r] == child);
            }
        }
    }
}

TEST_CASE("project gives a row the same bits alone and among 256, with any number of threads")
{
    constexpr int64_t kOut = 389, kIn = 32;
    auto x = randomFloats(size_t(kMaxNodes * kIn), 34);
    const TreeTables tree = randomTree(kMaxNodes, 20, 35);
    StepSettings settings;
    settings.temperature = 0.8F;
    settings.seed = 99;
    StepState all;
    {
        // Row by row: a tree of one node each, at the position of the row.
        Projection p(1, kOut, kIn, DType::bf16);
        for (int r = 0; r < kMaxNodes; r++) {
            StepState one;
            one.settings = settings;
            one.kv_len = 50 + tree.depth[r];
            p.backend->project(p.w, view(x, kIn).rowsFrom(r, 1), nullptr, &one, {});
            all.max_logit[r] = one.max_logit[0];
            all.argmax[r] = one.argmax[0];
            all.log_z[r] = one.log_z[0];
            all.entropy[r] = one.entropy[0];
            all.draw[r] = one.draw[0];
            all.draw_logit[r] = one.draw_logit[0];
        }
    }
    for (const int n_threads : {1, 2, 3}) {
        Projection p(n_threads, kOut, kIn, DType::bf16);
        int n_wrong = 0;
        for (int m = 1; m <= kMaxNodes; m += m < 40 ? 1 : 27) {
            StepState state;
            state.settings = settings;
            state.kv_len = 50;
            p.backend->project(p.w, view(x, kIn).rowsFrom(0, m), &tree, &state, {});
            for (int r = 0; r < m; r++)
                n_wrong += state.argmax[r] != all.argmax[r] || state.draw[r] != all.draw[r]
                    || !sameBits(&state.max_logit[r], &all.max_logit[r], 1)
                    || !sameBits(&state.log_z[r], &all.log_z[r], 1)
                    || !sameBits(&state.entropy[r], &all.entropy[r], 1)
                    || !sameBits(&state.draw_logit[r], &all.draw_logit[r], 1);
        }
        CHECK(n_wrong == 0);
    }
}

TEST_CASE("rows with NaN or infinities are recognised and never index out of range")
{
    auto backend = cpu(2);
    constexpr int kVocab = 300;
    std::vector<float> weights(kVocab, 0.0F);
    for (int i = 0; i < kVocab; i++)
        weights[size_t(i)] = float(i % 7);
    const auto run = [&](std::vector<float> column, float input, float temperature) {
        const Matrix w = makeMatrix(*backend, DType::f32, kVocab, 1, column);
        StepState state;
        state.settings.temperature = temperature;
        std::vector<float> x{input};
        backend->project(w, view(x, 1), nullptr, &state, {});
        backend->accept(nullptr, &state);
        CHECK(state.draw[0] >= 0);
        CHECK(state.draw[0] < kVocab);
        CHECK(std::isfinite(state.record.choice_prob[0]));
        CHECK(std::isfinite(state.record.entropy[0]));
        return state;
    };
    for (const float temperature : {0.0F, 1.0F}) {
        CHECK(run(weights, 1, temperature).record.bad_logits == 0);
        CHECK(run(weights, NAN, temperature).record.bad_logits == 1);
        auto some = weights;
        some[6] = NAN;
        const StepState state = run(some, 1, temperature);
        CHECK(state.record.bad_logits == 0);
        CHECK(state.argmax[0] == 13); // the next of the largest, 6
        some[200] = INFINITY;
        CHECK(run(some, 1, temperature).record.bad_logits == 1);
        CHECK(run(std::vector<float>(kVocab, -INFINITY), 1, temperature).record.bad_logits == 1);
    }
}

TEST_CASE("the noise is Philox's, to the last few bits, also far out")
{
    double worst = 0;
    for (uint64_t seed : {0ULL, 7ULL, 0xFEDCBA9876543210ULL}) {
        for (uint32_t position : {0U, 1U, 4095U}) {
            std::vector<float> noise(32000 / 64 * 64);
            cpuNoise(seed, position, 0, int(noise.size()), noise.data());
            for (size_t i = 0; i < noise.size(); i++) {
                const double expected = referenceNoise(seed, position, uint32_t(i));
                worst = std::max(worst,
                    std::abs(expected - double(noise[i])) / std::max(1.0, std::abs(expected)));
            }
            CHECK(noiseOf(seed, position, 12345) == noise[12345]);
        }
    }
    CHECK(worst < 2e-6);
}

TEST_CASE("a million draws follow the softmax")
{
    auto backend = cpu(2);
    constexpr int kVocab = 11, kRounds = 31000;
    const auto column = randomFloats(kVocab, 36);
    const Matrix w = makeMatrix(*backend, DType::f32, kVocab, 1, column);
    std::vector<int> parents(kMaxDepth + 1);
    std::iota(parents.begin(), parents.end(), -1);
    const TreeTables chain = makeTree(parents);
    std::vector<float> x(parents.size(), 1);
    StepState state;
    state.settings.temperature = 0.7F;
    state.settings.seed = 2024;
    std::vector<double> counts(kVocab);
    for (int round = 0; round < kRounds; round++) {
        state.kv_len = round * int(parents.size());
        backend->project(w, view(x, 1), &chain, &state, {});
        for (size_t r = 0; r < parents.size(); r++)
            counts[size_t(state.draw[r])]++;
    }
    double z = 0, chi_square = 0;
    for (const float l : column)
        z += std::exp(double(l) / double(0.7F));
    const double n = double(kRounds) * double(parents.size());
    for (int i = 0; i < kVocab; i++) {
        const double expected = n * std::exp(double(column[size_t(i)]) / double(0.7F)) / z;
        chi_square += (counts[size_t(i)] - expected) * (counts[size_t(i)] - expected) / expected;
    }
    CHECK(n > 1e6);
    CHECK(chi_square < 29.6); // 99.9 % of 10 degrees of freedom
}

TEST_CASE("restrictDraws keeps the smallest set of the mass and draws within it")
{
    constexpr int64_t kOut = 517;
    for (const int n_threads : {1, 3}) {
        for (const float top_p : {0.0F, 0.1F, 0.5F, 0.9F, 0.999F, 1.0F}) {
            Projection p(n_threads, kOut, 16);
            const TreeTables tree = randomTree(25, 4, 37);
            auto x = randomFloats(25 * 16, 38);
            std::fill(x.begin() + 3 * 16, x.begin() + 4 * 16, 0.0F); // row 3: all equal
            StepState state;
            state.kv_len = 77;
            state.settings.temperature = 0.9F;
            state.settings.top_p = top_p;
            state.settings.seed = 5;
            std::vector<float> logits(size_t(25 * kOut));
            p.backend->project(p.w, view(x, 16), &tree, &state, view(logits, kOut));
            const StepState before = state;
            p.backend->restrictDraws(view(logits, kOut), &tree, &state);
            for (int r = 0; r < 25; r++) {
                const float* const l = logits.data() + r * kOut;
                std::vector<int> order(static_cast<size_t>(kOut));
                std::iota(order.begin(), order.end(), 0);
                std::stable_sort(
                    order.begin(), order.end(), [&](int a, int b) { return l[a] > l[b]; });
                double total = 0, mass = 0;
                for (int64_t i = 0; i < kOut; i++)
                    total += std::exp((double(l[i]) - double(l[order[0]])) / 0.9);
                size_t kept = 0;
                double best = -1e300;
                int draw = -1;
                while (kept < order.size()
                    && (kept == 0 || mass < double(top_p) * total - 1e-6 * total)) {
                    const int token = order[kept++];
                    mass += std::exp((double(l[token]) - double(l[order[0]])) / 0.9);
                    const double value = double(l[token]) / 0.9
                        + referenceNoise(5, uint32_t(77 + tree.depth[r]), uint32_t(token));
                    if (value > best) {
                        best = value;
                        draw = token;
                    }
                }
                CAPTURE(top_p);
                CAPTURE(r);
                CHECK(state.draw[r] == draw);
                CHECK(state.draw_logit[r] == l[draw]);
                CHECK(state.child_logit[r] == before.child_logit[r]);
                CHECK(state.log_z[r] == before.log_z[r]);
            }
        }
    }
}

TEST_CASE("restrictDraws leaves arg-max draws alone")
{
    Projection p(1, 50, 8);
    auto x = randomFloats(8, 39);
    StepState state;
    state.settings.top_p = 0.5F;
    std::vector<float> logits(50);
    p.backend->project(p.w, view(x, 8), nullptr, &state, view(logits, 50));
    p.backend->restrictDraws(view(logits, 50), nullptr, &state);
    CHECK(state.draw[0] == state.argmax[0]);
}

TEST_CASE("topK gives the best by value, ties by id, with probabilities at temperature 1")
{
    for (const int n_threads : {1, 2, 3}) {
        for (const int64_t n_out : {3, 64, 130, 999}) {
            for (const int k : {1, 10, 64}) {
                Projection p(n_threads, n_out, 12);
                auto x = randomFloats(4 * 12, 40);
                std::fill(x.begin() + 12, x.begin() + 24, 0.0F); // all tie
                StepState state;
                state.settings.temperature = 0.2F; // must not matter
                p.backend->topK(p.w, view(x, 12), 2, k, &state);
                CHECK(state.n_heads_run == 6);
                const auto logits = p.logits(x);
                for (int r = 0; r < 4; r++) {
                    const float* const l = logits.data() + r * n_out;
                    std::vector<int> order(static_cast<size_t>(n_out));
                    std::iota(order.begin(), order.end(), 0);
                    std::stable_sort(
                        order.begin(), order.end(), [&](int a, int b) { return l[a] > l[b]; });
                    double total = 0;
                    for (int64_t i = 0; i < n_out; i++)
                        total += std::exp(double(l[i]) - double(l[order[0]]));
                    CHECK(state.head_bad[2 + r] == 0);
                    for (int i = 0; i < kMaxTopK; i++) {
                        const bool exists = i < k && i < n_out;
                        CHECK(state.head_token[2 + r][i] == (exists ? order[size_t(i)] : -1));
                        const double probability = exists
                            ? std::exp(double(l[order[size_t(i)]]) - double(l[order[0]])) / total
                            : 0;
                        CHECK(std::abs(double(state.head_prob[2 + r][i]) - probability) < 1e-5);
                    }
                }
            }
        }
    }
}

TEST_CASE("a broken head is marked and proposes nothing; single NaN are passed over")
{
    auto backend = cpu(2);
    constexpr int kVocab = 140;
    auto column = randomFloats(kVocab, 41);
    column[17] = NAN;
    column[18] = -INFINITY;
    const Matrix w = makeMatrix(*backend, DType::f32, kVocab, 1, column);
    StepState state;
    std::vector<float> x{1, NAN};
    backend->topK(w, view(x, 1), 0, 64, &state);
    CHECK(state.head_bad[0] == 0);
    CHECK(state.head_bad[1] == 1);
    for (int i = 0; i < kMaxTopK; i++) {
        CHECK(state.head_token[0][i] >= 0);
        CHECK(state.head_token[0][i] != 17);
        CHECK(state.head_token[0][i] != 18);
        CHECK(state.head_token[1][i] == -1);
        CHECK(state.head_prob[1][i] == 0);
    }
}
