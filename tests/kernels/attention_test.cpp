// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "tests/kernels/attention_fixture.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

/// A tree behind kv_len positions: every leaf's line has the bits of plain decoding, and so has the
/// cache once the last node's line is committed.
void checkTree(const Heads& heads, DType dtype, int kv_len, int n_nodes)
{
    CAPTURE(dtypeName(dtype));
    CAPTURE(heads.head_dim);
    CAPTURE(kv_len);
    CAPTURE(n_nodes);
    const TreeTables tree = randomTree(n_nodes, n_nodes > 20 ? 25 : 5, uint32_t(kv_len + n_nodes));
    const int cols = heads.qkvCols();
    const auto prefix = randomFloats(size_t((kv_len + 1) * cols), 13);
    const auto nodes = randomFloats(size_t(n_nodes * cols), 14);
    Fixture fixture(heads, 2, kv_len + kMaxNodes, dtype);
    fixture.feed(prefix.data(), kv_len, 16);
    const auto out = fixture.attend(nodes.data(), n_nodes, &tree);

    // Every leaf's line, decoded one row at a time.
    int n_wrong = 0;
    for (int leaf = 0; leaf<n_nodes; leaf += n_nodes> 20 ? 11 : 1) {
        Fixture plain(heads, 1, kv_len + kMaxNodes, dtype);
        plain.feed(prefix.data(), kv_len, 16);
        for (int depth = 0; depth <= tree.depth[leaf]; depth++) {
            const int node = tree.path[leaf][depth];
            const auto row = plain.feed(nodes.data() + node * cols, 1, 1);
            n_wrong += !sameBits(row.data(), out.data() + node * heads.outCols(), row.size());
        }
    }
    CHECK(n_wrong == 0);

    // Commit the line of the last node and compare the whole cache with plain decoding's.
    const int last = n_nodes - 1;
    StepRecord& record = fixture.state.record;
    record.accept_length = tree.depth[last];
    for (int depth = 0; depth <= tree.depth[last]; depth++)
        record.path[depth] = tree.path[last][depth];
    fixture.backend->commit(fixture.cache, &fixture.state);
    Fixture plain(heads, 1, kv_len + kMaxNodes, dtype);
    plain.feed(prefix.data(), kv_len, 16);
    for (int depth = 0; depth <= tree.depth[last]; depth++)
        plain.feed(nodes.data() + tree.path[last][depth] * cols, 1, 1);
    CHECK(fixture.state.kv_len == plain.state.kv_len);
    const size_t floats = size_t(heads.n_kv_heads * heads.head_dim);
    std::vector<float> k(floats), v(floats), plain_k(floats), plain_v(floats);
    int n_different = 0;
    for (int slot = 0; slot < plain.state.kv_len; slot++) {
        fixture.backend->readKv(fixture.cache, 1, slot, k.data(), v.data());
        plain.backend->readKv(plain.cache, 1, slot, plain_k.data(), plain_v.data());
        n_different += k != plain_k || v != plain_v;
    }
    CHECK(n_different == 0);
    fixture.backend->readKv(fixture.cache, 0, 0, k.data(), v.data());
    CHECK(std::all_of(k.begin(), k.end(), [](float x) { return x == 0; }));
}

} // namespace

TEST_CASE("attention over a chain equals softmax in double")
{
    for (const Heads heads : kShapes) {
        const int n = 53;
        const auto qkv = randomFloats(size_t(n * heads.qkvCols()), 11);
        Fixture fixture(heads, 2, 100);
        const auto out = fixture.feed(qkv.data(), n, 7);
        double worst = 0;
        std::vector<const float*> rows;
        for (int p = 0; p < n; p++) {
            rows.push_back(qkv.data() + p * heads.qkvCols());
            const auto expected = reference(heads, rows);
            for (size_t i = 0; i < expected.size(); i++)
                worst = std::max(
                    worst, std::abs(expected[i] - double(out[size_t(p * heads.outCols()) + i])));
        }
        CAPTURE(heads.head_dim);
        CHECK(worst < 2e-5);
    }
}

TEST_CASE("attention to a cache of any format equals softmax in double over what it holds")
{
    for (const DType dtype : kCacheTypes) {
        for (const Heads heads : kShapes) {
            for (const int window : {0, 19}) {
                const int n = 53;
                const auto qkv = randomFloats(size_t(n * heads.qkvCols()), 11);
                Fixture fixture(heads, 2, 100, dtype);
                fixture.window = window;
                fixture.rotates = false;
                const auto out = fixture.feed(qkv.data(), n, 7);
                double worst = 0;
                for (int p = 0; p < n; p++) {
                    const auto expected
                        = referenceOfCache(fixture, qkv.data() + p * heads.qkvCols(), p + 1);
                    for (size_t i = 0; i < expected.size(); i++)
                        worst = std::max(worst,
                            std::abs(expected[i] - double(out[size_t(p * heads.outCols()) + i])));
                }
                CAPTURE(dtypeName(dtype));
                CAPTURE(heads.head_dim);
                CAPTURE(window);
                CHECK(worst < 2e-5);
            }
        }
    }
}

TEST_CASE("attention gives the same bits in one chunk, row by row, and with any number of threads")
{
    for (const DType dtype : kCacheTypes) {
        for (const Heads heads : kShapes) {
            const int n = kMaxNodes;
            const auto qkv = randomFloats(size_t(n * heads.qkvCols()), 12);
            Fixture alone(heads, 1, 300, dtype);
            const auto expected = alone.feed(qkv.data(), n, 1);
            for (const int n_threads : {1, 2, 3}) {
                for (const int chunk : {2, 15, 16, 100, 256}) {
                    Fixture fixture(heads, n_threads, 300, dtype);
                    const auto out = fixture.feed(qkv.data(), n, chunk);
                    CAPTURE(dtypeName(dtype));
                    CHECK(sameBits(out.data(), expected.data(), out.size()));
                }
            }
        }
    }
}

TEST_CASE("a tree's path has the bits of the committed sequence, and commit moves it in place")
{
    for (const Heads heads : kShapes)
        for (const int kv_len : {0, 1, 14, 15, 16, 17, 31, 40, 64})
            for (const int n_nodes : {1, 2, 9, 40, 256})
                if (n_nodes < 256 || kv_len % 16 == 15)
                    checkTree(heads, DType::f32, kv_len, n_nodes);
}

TEST_CASE("the same in every format of the cache")
{
    for (const DType dtype : {DType::f16, DType::bf16, DType::q8})
        for (const Heads heads : {kShapes[1], kShapes[2], kShapes[3], kShapes[4]})
            for (const int kv_len : {0, 15, 17, 40})
                for (const int n_nodes : {2, 9, 40})
                    checkTree(heads, dtype, kv_len, n_nodes);
}

TEST_CASE("slots that a row does not see may hold anything")
{
    const Heads heads{4, 2, 16};
    const int kv_len = 21, cols = heads.qkvCols();
    const auto prefix = randomFloats(size_t(kv_len * cols), 15);
    const TreeTables tree = makeTree({-1, 0, 0});
    for (const DType dtype : kCacheTypes) {
        CAPTURE(dtypeName(dtype));
        auto nodes = randomFloats(size_t(3 * cols), 16);
        Fixture fixture(heads, 2, 300, dtype);
        fixture.feed(prefix.data(), kv_len, 32);
        const auto clean = fixture.attend(nodes.data(), 3, &tree);
        for (int i = 0; i < cols; i++)
            nodes[size_t(2 * cols + i)] = NAN;
        Fixture poisoned(heads, 2, 300, dtype);
        poisoned.feed(prefix.data(), kv_len, 32);
        const auto out = poisoned.attend(nodes.data(), 3, &tree);
        CHECK(sameBits(out.data(), clean.data(), size_t(2 * heads.outCols())));
        CHECK(std::isnan(out[size_t(2 * heads.outCols())]));
        // Behind the end of a chain, too.
        const auto one = poisoned.feed(nodes.data(), 1, 1);
        CHECK(sameBits(one.data(), clean.data(), one.size()));
    }
}

TEST_CASE("a long context stays accurate")
{
    const Heads heads{2, 1, 16};
    const int n = 3001, cols = heads.qkvCols();
    const auto qkv = randomFloats(size_t(n * cols), 17, 2);
    const size_t last_row = size_t((n - 1) * heads.outCols());
    Fixture fixture(heads, 2, n + kMaxNodes);
    const auto out = fixture.feed(qkv.data(), n, 256);
    std::vector<const float*> rows;
    for (int p = 0; p < n; p++)
        rows.push_back(qkv.data() + p * cols);
    const auto expected = reference(heads, rows);
    double worst = 0;
    for (size_t i = 0; i < expected.size(); i++)
        worst = std::max(worst, std::abs(expected[i] - double(out[last_row + i])));
    CHECK(worst < 2e-5);

    // Keys of this size make a few positions decide: the worst that rounding them can do.
    for (const auto& [dtype, bound] :
        {std::pair(DType::f16, 4e-3), std::pair(DType::bf16, 4e-2), std::pair(DType::q8, 8e-2)})
    {
        Fixture narrow(heads, 2, n + kMaxNodes, dtype);
        const auto rounded_out = narrow.feed(qkv.data(), n, 256);
        worst = 0;
        for (size_t i = 0; i < expected.size(); i++)
            worst = std::max(worst, std::abs(expected[i] - double(rounded_out[last_row + i])));
        CAPTURE(dtypeName(dtype));
        CHECK(worst < bound);
        CHECK(worst > 0);
    }
}
