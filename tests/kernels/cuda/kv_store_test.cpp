// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/kv_store.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "tests/kernels/cuda/conversation.h"

using namespace gorgon;
using namespace gorgon::cuda;
using namespace gorgon::cuda::tests;

namespace {

constexpr DType kFormats[] = {DType::f16, DType::bf16, DType::q8};

/// Bytes of a cache, as they lie.
std::vector<unsigned char> bytesOf(const KvCache& cache)
{
    std::vector<unsigned char> bytes(cache.data.bytes());
    Stream stream;
    copyToHost(stream, bytes.data(), cache.data.as<void>(), bytes.size());
    stream.synchronize();
    return bytes;
}

/// Largest difference of x from y, in units of the largest of y.
double relative(const float* x, const float* y, size_t n)
{
    double worst = 0, largest = 1e-30;
    for (size_t i = 0; i < n; i++) {
        worst = std::max(worst, std::abs(double(x[i]) - double(y[i])));
        largest = std::max(largest, std::abs(double(y[i])));
    }
    return worst / largest;
}

} // namespace

TEST_CASE("rows are normed, rotated and stored as the CPU does it")
{
    for (const Heads heads :
        {Heads{2, 1, 2}, Heads{3, 3, 6}, Heads{4, 2, 80}, Heads{2, 1, 128}, Heads{2, 1, 256}})
    {
        const int kv_len = 5, m = 9, positions = 40;
        const TreeTables tree = randomTree(m, 4, 3);
        std::vector<float> cosines, sines;
        ropeOf(positions, heads.head_dim, cosines, sines);
        const auto q_norm = randomFloats(size_t(heads.head_dim), 1);
        const auto k_norm = randomFloats(size_t(heads.head_dim), 2);
        const auto rows = randomFloats(size_t(m * heads.qkvCols()), 4);
        const DeviceArray<float> device_cosines(cosines), device_sines(sines);
        const DeviceArray<float> device_q_norm(q_norm), device_k_norm(k_norm);
        for (const DType dtype : kFormats) {
            for (const bool has_norms : {false, true}) {
                for (const bool rotates : {false, true}) {
                    CAPTURE(dtypeName(dtype));
                    CAPTURE(heads.head_dim);
                    CAPTURE(has_norms);
                    CAPTURE(rotates);
                    const auto backend = cpu(1);
                    KvCache cache
                        = backend->makeKvCache(dtype, 2, heads.n_kv_heads, heads.head_dim, 300);
                    StepState state;
                    state.kv_len = kv_len;
                    auto expected = rows;
                    const int half = heads.head_dim / 2;
                    backend->ropeAndStore(view(expected, heads.qkvCols()), heads.n_heads,
                        has_norms ? HeadNorms{q_norm.data(), k_norm.data(), 1e-3F} : HeadNorms(),
                        rotates ? RopeTable{view(cosines, half), view(sines, half)} : RopeTable(),
                        cache, 1, &tree, &state);

                    Conversation conversation(heads, dtype, 300);
                    conversation.advance(kv_len);
                    const auto out = conversation.store(rows.data(), m, &tree,
                        has_norms ? HeadNorms{device_q_norm.data(), device_k_norm.data(), 1e-3F}
                                  : HeadNorms(),
                        rotates ? RopeTable{{device_cosines.data(), positions, half},
                            {device_sines.data(), positions, half}}
                                : RopeTable());
                    CHECK(relative(out.data(), expected.data(), out.size()) < 1e-6);

                    const size_t floats = size_t(heads.kvFloats());
                    std::vector<float> k(floats), v(floats);
                    // The same but for values that lie between two of the format.
                    const double step = dtype == DType::f16 ? 1e-3 : 8e-3;
                    for (int row = 0; row < m; row++) {
                        backend->readKv(cache, 1, kv_len + row, k.data(), v.data());
                        const auto held = conversation.read(1, kv_len + row);
                        CHECK(relative(held.data(), k.data(), floats)
                            < (has_norms || rotates ? step : 1e-7));
                        CHECK(relative(held.data() + floats, v.data(), floats) < 1e-7);
                    }
                    const auto other_layer = conversation.read(0, kv_len);
                    CHECK(std::all_of(
                        other_layer.begin(), other_layer.end(), [](float x) { return x == 0; }));
                }
            }
        }
    }
}

TEST_CASE("the cache holds what the CPU's holds, whatever the numbers")
{
    constexpr Heads kOneHead{1, 1, 70};
    const float infinity = std::numeric_limits<float>::infinity();
    std::vector<std::vector<float>> rows;
    for (const float scale : {1.0F, 1e-3F, 3e-7F, 1e-38F, 30000.0F, 1e9F, 1e37F})
        rows.push_back(randomFloats(size_t(kOneHead.qkvCols()), uint32_t(rows.size()), scale));
    rows.emplace_back(size_t(kOneHead.qkvCols()), 0.0F);
    rows.push_back(randomFloats(size_t(kOneHead.qkvCols()), 7));
    for (size_t i = 70; i < 140; i++) // every tie of 8 bits
        rows.back()[i] = i == 70 ? 127.0F : float(i) - 105.5F;
    rows.push_back(randomFloats(size_t(kOneHead.qkvCols()), 8));
    rows.back()[75] = NAN;
    rows.back()[150] = -infinity;
    for (const DType dtype : kFormats) {
        const auto backend = cpu(1);
        KvCache cache = backend->makeKvCache(dtype, 2, 1, 70, 300);
        Conversation conversation(kOneHead, dtype, 300);
        StepState state;
        for (size_t i = 0; i < rows.size(); i++) {
            CAPTURE(dtypeName(dtype));
            CAPTURE(i);
            auto copy = rows[i];
            backend->ropeAndStore(
                view(copy, kOneHead.qkvCols()), 1, {}, {}, cache, 1, nullptr, &state);
            conversation.store(rows[i].data(), 1, nullptr);
            std::vector<float> expected(140);
            backend->readKv(cache, 1, 0, expected.data(), expected.data() + 70);
            const auto held = conversation.read(1, 0);
            int n_different = 0;
            for (size_t d = 0; d < 140; d++)
                n_different
                    += std::isnan(expected[d]) ? !std::isnan(held[d]) : held[d] != expected[d];
            CHECK(n_different == 0);
        }
    }
}

TEST_CASE("commit moves the bytes of the accepted path and nothing else")
{
    for (const DType dtype : kFormats) {
        for (const Heads heads : {Heads{2, 2, 6}, Heads{2, 1, 128}}) {
            for (uint32_t seed = 1; seed < 6; seed++) {
                CAPTURE(dtypeName(dtype));
                CAPTURE(heads.head_dim);
                CAPTURE(seed);
                const int kv_len = int(seed * 7), m = 60;
                const TreeTables tree = randomTree(m, 12, seed);
                const int node = m - 1 - int(seed);
                Conversation conversation(heads, dtype, 300);
                KvCache& cache = conversation.cache();
                std::mt19937 random(seed);
                std::vector<unsigned char> before(cache.data.bytes());
                for (unsigned char& byte : before)
                    byte = static_cast<unsigned char>(random());
                Stream stream;
                copyToDevice(stream, cache.data.as<void>(), before.data(), before.size());
                stream.synchronize();
                conversation.advance(kv_len);
                {
                    const Seed order(seed);
                    conversation.commit(tree, node);
                }
                CHECK(conversation.kvLen() == kv_len + tree.depth[node] + 1);

                std::vector<unsigned char> expected = before;
                const size_t row_bytes = size_t(KvLayout::rowBytesOf(dtype, heads.head_dim));
                const size_t slots = size_t(KvLayout::slotCount(300));
                const size_t n_heads = size_t(2 * 2 * heads.n_kv_heads);
                const auto move = [&](size_t first, size_t bytes) {
                    for (size_t head = 0; head < n_heads; head++)
                        for (int i = 1; i <= tree.depth[node]; i++)
                            std::copy_n(before.begin()
                                    + int64_t(first
                                        + (head * slots + size_t(kv_len + tree.path[node][i]))
                                            * bytes),
                                bytes,
                                expected.begin()
                                    + int64_t(first + (head * slots + size_t(kv_len + i)) * bytes));
                };
                move(0, row_bytes);
                if (dtype == DType::q8)
                    move(n_heads * slots * row_bytes, sizeof(float));
                CHECK(bytesOf(cache) == expected);
            }
        }
    }
}

TEST_CASE("a committed line leaves the cache of plain decoding")
{
    constexpr Heads kHeads{2, 1, 16};
    for (const DType dtype : kFormats) {
        const TreeTables tree = randomTree(30, 8, 61);
        const auto rows = randomFloats(size_t(60 * kHeads.qkvCols()), 62);
        const float* const nodes = rows.data() + 20 * kHeads.qkvCols();
        Conversation by_tree(kHeads, dtype, 300), plain(kHeads, dtype, 300);
        by_tree.remember(rows.data(), 20);
        plain.remember(rows.data(), 20);
        by_tree.store(nodes, 30, &tree);
        by_tree.commit(tree, 29);
        for (int depth = 0; depth <= tree.depth[29]; depth++)
            plain.remember(nodes + tree.path[29][depth] * kHeads.qkvCols(), 1);
        REQUIRE(by_tree.kvLen() == plain.kvLen());
        for (int slot = 0; slot < plain.kvLen(); slot++)
            CHECK(by_tree.read(1, slot) == plain.read(1, slot));
    }
}
