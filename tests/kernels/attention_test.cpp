// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "tests/kernels/test_data.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

struct Heads
{
    int n_heads, n_kv_heads, head_dim;
    int qkvCols() const { return (n_heads + 2 * n_kv_heads) * head_dim; }
    int outCols() const { return n_heads * head_dim; }
};

RopeTable makeRope(
    std::vector<float>& cosines, std::vector<float>& sines, int positions, int head_dim)
{
    const int half = head_dim / 2;
    cosines.resize(size_t(positions * half));
    sines.resize(size_t(positions * half));
    for (int p = 0; p < positions; p++) {
        for (int d = 0; d < half; d++) {
            const double angle = p * std::pow(10000.0, -double(d) / half);
            cosines[size_t(p * half + d)] = float(std::cos(angle));
            sines[size_t(p * half + d)] = float(std::sin(angle));
        }
    }
    return {view(cosines, half), view(sines, half)};
}

/// A conversation: a cache, rope and the inputs (qkv) of every position or node.
struct Fixture
{
    Heads heads;
    std::unique_ptr<Backend> backend;
    std::vector<float> cosines, sines;
    RopeTable rope;
    KvCache cache;
    StepState state;
    int64_t window = 0;
    bool rotates = true;
    HeadNorms norms;

    Fixture(Heads shape, int n_threads, int64_t capacity, DType dtype = DType::f32)
        : heads(shape)
        , backend(cpu(n_threads))
        , rope(makeRope(cosines, sines, int(capacity), shape.head_dim))
        , cache(backend->makeKvCache(dtype, 2, shape.n_kv_heads, shape.head_dim, capacity))
    {
    }

    /// Stores the rows behind kv_len and returns their attention; layer 1, so that layers are told
    /// apart.
    std::vector<float> attend(const float* qkv_rows, int m, const TreeTables* tree)
    {
        std::vector<float> qkv(qkv_rows, qkv_rows + m * heads.qkvCols());
        std::vector<float> out(size_t(m * heads.outCols()));
        backend->ropeAndStore(view(qkv, heads.qkvCols()), heads.n_heads, norms,
            rotates ? rope : RopeTable(), cache, 1, tree, &state);
        backend->attention(view(qkv, heads.qkvCols()), heads.n_heads, window, cache, 1, tree,
            &state, view(out, heads.outCols()));
        return out;
    }

    /// Commits rows as a chain, in chunks.
    std::vector<float> feed(const float* qkv_rows, int m, int chunk)
    {
        std::vector<float> out;
        for (int i = 0; i < m; i += chunk) {
            const int n = std::min(chunk, m - i);
            const auto part = attend(qkv_rows + i * heads.qkvCols(), n, nullptr);
            out.insert(out.end(), part.begin(), part.end());
            backend->advance(&state, n);
        }
        return out;
    }
};

/// How a layer differs from a plain one.
struct Kind
{
    int64_t window = 0;
    bool rotates = true;
    const float* q_norm = nullptr;
    const float* k_norm = nullptr;
};
constexpr float kNormEps = 1e-3F; // large enough to be seen

/// Attention of the last of `n` positions in double. qkv: (n, cols), neither normed nor rotated.
std::vector<double> reference(
    const Heads& heads, const std::vector<const float*>& rows, const Kind& kind = {})
{
    const int n = int(rows.size()), half = heads.head_dim / 2,
              group = heads.n_heads / heads.n_kv_heads;
    const auto rotated = [&](const float* values, const float* norm, int position) {
        std::vector<double> x(values, values + heads.head_dim), y(x);
        double squares = 0;
        for (const double value : x)
            squares += value * value;
        for (int d = 0; norm && d < heads.head_dim; d++)
            x[size_t(d)] *= norm[d] / std::sqrt(squares / heads.head_dim + double(kNormEps));
        for (int d = 0; d < half; d++) {
            const double angle = kind.rotates ? position * std::pow(10000.0, -double(d) / half) : 0;
            const double c = std::cos(angle), s = std::sin(angle);
            y[size_t(d)] = x[size_t(d)] * c - x[size_t(d + half)] * s;
            y[size_t(d + half)] = x[size_t(d + half)] * c + x[size_t(d)] * s;
        }
        return y;
    };
    const int first = kind.window > 0 ? std::max(0, n - int(kind.window)) : 0;
    std::vector<double> out;
    for (int h = 0; h < heads.n_heads; h++) {
        const int kv = h / group;
        const auto q = rotated(rows[size_t(n - 1)] + h * heads.head_dim, kind.q_norm, n - 1);
        std::vector<double> scores;
        double highest = -1e300, total = 0;
        for (int p = first; p < n; p++) {
            const auto k
                = rotated(rows[size_t(p)] + (heads.n_heads + kv) * heads.head_dim, kind.k_norm, p);
            double score = 0;
            for (int d = 0; d < heads.head_dim; d++)
                score += q[size_t(d)] * k[size_t(d)];
            scores.push_back(score / std::sqrt(double(heads.head_dim)));
            highest = std::max(highest, scores.back());
        }
        for (double& score : scores)
            total += score = std::exp(score - highest);
        for (int d = 0; d < heads.head_dim; d++) {
            double sum = 0;
            for (int p = first; p < n; p++)
                sum += scores[size_t(p - first)]
                    * rows[size_t(p)][(heads.n_heads + heads.n_kv_heads + kv) * heads.head_dim + d];
            out.push_back(sum / total);
        }
    }
    return out;
}

/// Attention of a row of qkv at the last of `n` positions, in double, to what the cache holds.
std::vector<double> referenceOfCache(const Fixture& fixture, const float* row, int n)
{
    const Heads& heads = fixture.heads;
    const size_t floats = size_t(heads.n_kv_heads * heads.head_dim);
    std::vector<std::vector<float>> kv;
    std::vector<const float*> rows;
    const int q_cols = heads.outCols();
    for (int slot = 0; slot < n; slot++) {
        kv.emplace_back(size_t(q_cols) + 2 * floats);
        float* const k = kv.back().data() + q_cols;
        fixture.backend->readKv(fixture.cache, 1, slot, k, k + floats);
        rows.push_back(kv.back().data());
    }
    std::copy_n(row, q_cols, kv.back().data());
    return reference(heads, rows, {fixture.window, false, nullptr, nullptr});
}

constexpr DType kCacheTypes[] = {DType::f32, DType::f16, DType::bf16, DType::q8};

constexpr Heads kShapes[] = {{4, 4, 8}, {6, 2, 16}, {8, 1, 24}, {2, 1, 64}, {3, 3, 6}, {2, 2, 2}};

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

TEST_CASE("the cache holds keys and values rounded to its format")
{
    constexpr Heads kOneHead{1, 1, 70};
    const float infinity = std::numeric_limits<float>::infinity();
    std::vector<std::vector<float>> rows;
    for (const float scale : {1.0F, 1e-3F, 3e-7F, 1e-38F, 30000.0F, 1e9F})
        rows.push_back(randomFloats(size_t(kOneHead.qkvCols()), uint32_t(rows.size()), scale));
    rows.emplace_back(size_t(kOneHead.qkvCols()), 0.0F);
    rows.push_back(randomFloats(size_t(kOneHead.qkvCols()), 7));
    for (size_t i = 70; i < 140; i++) // every tie of 8 bits
        rows.back()[i] = i == 70 ? 127.0F : float(i) - 105.5F;
    rows.push_back(randomFloats(size_t(kOneHead.qkvCols()), 8));
    rows.back()[75] = NAN;
    rows.back()[150] = -infinity;
    const auto held = [](DType dtype, const float* x, int i) {
        if (dtype != DType::q8) {
            const float finite = dtype == DType::f16 ? std::clamp(x[i], -65504.0F, 65504.0F) : x[i];
            return rounded(dtype == DType::f16 && std::isinf(x[i]) ? NAN : finite, dtype);
        }
        float most = 0;
        for (int d = 0; d < kOneHead.head_dim; d++) {
            if (!std::isfinite(x[d]))
                return float(NAN);
            most = std::max(most, std::abs(x[d]));
        }
        return most < 1e-30F ? 0.0F : most / 127 * std::nearbyint(x[i] * (127 / most));
    };
    for (const Instructions most :
        {Instructions::amx, Instructions::avx2, Instructions::sse4, Instructions::scalar})
    {
        const Limited limited(most);
        for (const DType dtype : kCacheTypes) {
            Fixture fixture(kOneHead, 1, 100, dtype);
            fixture.rotates = false;
            int n_wrong = 0;
            for (size_t slot = 0; slot < rows.size(); slot++) {
                fixture.feed(rows[slot].data(), 1, 1);
                std::vector<float> kv(140);
                fixture.backend->readKv(fixture.cache, 1, int64_t(slot), &kv[0], &kv[70]);
                for (int i = 0; i < 140; i++) {
                    const float expected
                        = held(dtype, rows[slot].data() + (i < 70 ? 70 : 140), i % 70);
                    n_wrong += std::isnan(expected) ? !std::isnan(kv[size_t(i)])
                                                    : kv[size_t(i)] != expected;
                }
            }
            CAPTURE(instructionSetName());
            CAPTURE(dtypeName(dtype));
            CHECK(n_wrong == 0);
        }
    }
}

TEST_CASE("the bytes of a cache are those of its format")
{
    auto backend = cpu(1);
    for (const DType dtype : kCacheTypes) {
        const KvCache cache = backend->makeKvCache(dtype, 3, 2, 64, 1600);
        CHECK(cache.data.bytes() == 1600 * kvBytesPerPosition(dtype, 3, 2, 64));
    }
    CHECK(kvBytesPerPosition(DType::f32, 3, 2, 64) == 3072);
    CHECK(kvBytesPerPosition(DType::f16, 3, 2, 64) == 1536);
    CHECK(kvBytesPerPosition(DType::q8, 3, 2, 64) == 816);
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
