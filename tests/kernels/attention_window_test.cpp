// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/kernels/attention_fixture.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

/// Chunks, threads and trees behind and within a window.
void checkWindow(const Heads& heads, DType dtype, int window)
{
    CAPTURE(dtypeName(dtype));
    CAPTURE(heads.head_dim);
    CAPTURE(window);
    const int n = 100, cols = heads.qkvCols();
    const auto qkv = randomFloats(size_t(n * cols), 21);
    const auto norm = randomFloats(size_t(heads.head_dim), 22);
    const auto make = [&](int n_threads) {
        auto fixture = std::make_unique<Fixture>(heads, n_threads, n + kMaxNodes, dtype);
        fixture->window = window;
        fixture->norms = {norm.data(), norm.data(), kNormEps};
        return fixture;
    };
    const auto expected = make(1)->feed(qkv.data(), n, 1);
    for (const int n_threads : {1, 3})
        for (const int chunk : {2, 16, 33, 100}) {
            const auto out = make(n_threads)->feed(qkv.data(), n, chunk);
            CHECK(sameBits(out.data(), expected.data(), out.size()));
        }
    // A tree whose windows begin in the cache, at its edge and within the tree.
    const TreeTables tree = randomTree(40, 25, uint32_t(window));
    const auto nodes = randomFloats(size_t(40 * cols), 23);
    for (const int kv_len : {0, 3, 16, 30, 47, 64, 100}) {
        auto fixture = make(2);
        fixture->feed(qkv.data(), kv_len, 16);
        const auto out = fixture->attend(nodes.data(), 40, &tree);
        int n_wrong = 0;
        for (int leaf = 0; leaf < 40; leaf += 3) {
            auto plain = make(1);
            plain->feed(qkv.data(), kv_len, 16);
            for (int depth = 0; depth <= tree.depth[leaf]; depth++) {
                const int node = tree.path[leaf][depth];
                const auto row = plain->feed(nodes.data() + node * cols, 1, 1);
                n_wrong += !sameBits(row.data(), out.data() + node * heads.outCols(), row.size());
            }
        }
        CAPTURE(kv_len);
        CHECK(n_wrong == 0);
    }
}

} // namespace

TEST_CASE("a window hides what lies before it, heads are normed, and layers need not rotate")
{
    for (const Heads heads : kShapes) {
        const int n = 75, cols = heads.qkvCols();
        const auto qkv = randomFloats(size_t(n * cols), 18);
        const auto q_norm = randomFloats(size_t(heads.head_dim), 19);
        const auto k_norm = randomFloats(size_t(heads.head_dim), 20);
        std::vector<Kind> kinds;
        for (const int window : {1, 2, 7, 15, 16, 17, 31, 32, 33, 74, 75, 76, 1000})
            kinds.push_back({window, window % 2 == 0, nullptr, nullptr});
        kinds.push_back({0, true, q_norm.data(), k_norm.data()});
        kinds.push_back({0, false, q_norm.data(), k_norm.data()});
        kinds.push_back({0, false, nullptr, nullptr});
        kinds.push_back({INT64_MAX, true, nullptr, nullptr});
        for (const Kind& kind : kinds) {
            Fixture fixture(heads, 2, 100);
            fixture.window = kind.window;
            fixture.rotates = kind.rotates;
            fixture.norms = {kind.q_norm, kind.k_norm, kNormEps};
            const auto out = fixture.feed(qkv.data(), n, 19);
            double worst = 0;
            std::vector<const float*> rows;
            for (int p = 0; p < n; p++) {
                rows.push_back(qkv.data() + p * cols);
                const auto expected = reference(heads, rows, kind);
                for (size_t i = 0; i < expected.size(); i++)
                    worst = std::max(worst,
                        std::abs(expected[i] - double(out[size_t(p * heads.outCols()) + i])));
            }
            CAPTURE(heads.head_dim);
            CAPTURE(kind.window);
            CAPTURE(kind.rotates);
            CHECK(worst < 2e-5);
        }
    }
}

TEST_CASE("under a window, too, chunks, threads and trees do not change a bit")
{
    for (const Heads heads : {kShapes[1], kShapes[2], kShapes[4]})
        for (const int window : {1, 5, 16, 23, 48})
            checkWindow(heads, DType::f32, window);
    for (const DType dtype : {DType::f16, DType::bf16, DType::q8})
        for (const int window : {5, 16, 23})
            checkWindow(kShapes[1], dtype, window);
}

TEST_CASE("what lies before the window may hold anything")
{
    const Heads heads{4, 2, 16};
    const int n = 40, cols = heads.qkvCols();
    auto qkv = randomFloats(size_t(n * cols), 24);
    Fixture clean(heads, 2, 300);
    clean.window = 11;
    const auto expected = clean.feed(qkv.data(), n, 8);
    for (int i = 0; i < (n - 11) * cols; i++)
        qkv[size_t(i)] = NAN;
    Fixture poisoned(heads, 2, 300);
    poisoned.window = 11;
    const auto out = poisoned.feed(qkv.data(), n, 8);
    const size_t last = size_t((n - 1) * heads.outCols());
    CHECK(sameBits(out.data() + last, expected.data() + last, size_t(heads.outCols())));
    CHECK(std::isnan(out[last - 1]));
}
