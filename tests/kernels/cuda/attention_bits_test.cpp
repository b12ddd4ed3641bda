// SPDX-License-Identifier: Apache-2.0
// What may change without changing a bit of attention.
#include <doctest/doctest.h>

#include "tests/kernels/cuda/conversation.h"

using namespace gorgon;
using namespace gorgon::cuda;
using namespace gorgon::cuda::tests;

namespace {

constexpr DType kFormats[] = {DType::f16, DType::bf16, DType::q8};
constexpr int kLengths[] = {0, 1, 15, 16, 17, 63, 64, 65, 200, 1023, 1024, 1025};

/// Rows of a step behind a cache, for everything that must not change a bit.
struct Step
{
    Heads heads;
    DType dtype;
    int kv_len;
    int m;
    const TreeTables* tree = nullptr;
    int64_t window = 0;
    AttentionPlace place{};

    std::vector<float> run(uint64_t seed) const
    {
        const Seed order(seed);
        const auto prefix = randomFloats(size_t((kv_len + 1) * heads.qkvCols()), 31);
        const auto rows = randomFloats(size_t(m * heads.qkvCols()), 32);
        Conversation conversation(heads, dtype, kv_len + kMaxNodes);
        conversation.window = window;
        conversation.place.schedule = place.schedule;
        conversation.place.n_multiprocessors = place.n_multiprocessors;
        conversation.place.shared_limit = place.shared_limit;
        conversation.remember(prefix.data(), kv_len);
        return conversation.attend(rows.data(), m, tree);
    }
};

/// Every `stride`-th node's line, decoded one row at a time, has the bits of the tree's rows.
int wrongLines(const Step& step, int stride)
{
    const auto out = step.run(0);
    const auto prefix = randomFloats(size_t((step.kv_len + 1) * step.heads.qkvCols()), 31);
    const auto rows = randomFloats(size_t(step.m * step.heads.qkvCols()), 32);
    int n_wrong = 0;
    for (int node = step.m - 1; node >= 0; node -= stride) {
        Conversation plain(step.heads, step.dtype, step.kv_len + kMaxNodes);
        plain.window = step.window;
        plain.remember(prefix.data(), step.kv_len);
        for (int depth = 0; depth <= step.tree->depth[node]; depth++) {
            const int of_line = step.tree->path[node][depth];
            const auto row = plain.feed(rows.data() + of_line * step.heads.qkvCols(), 1, 1);
            n_wrong
                += !sameBits(row.data(), out.data() + of_line * step.heads.outCols(), row.size());
        }
    }
    return n_wrong;
}

} // namespace

TEST_CASE("a row has the bits of the same row in chunks of any size")
{
    for (const Heads heads : {Heads{2, 2, 6}, Heads{4, 1, 16}, Heads{7, 1, 32}}) {
        for (const DType dtype : kFormats) {
            CAPTURE(dtypeName(dtype));
            CAPTURE(heads.head_dim);
            const int n = 85;
            const auto rows = randomFloats(size_t(n * heads.qkvCols()), 46);
            const auto one = Conversation(heads, dtype, n + kMaxNodes).feed(rows.data(), n, 1);
            for (const int chunk : {2, 7, 16, 33, 64, 85}) {
                const auto many
                    = Conversation(heads, dtype, n + kMaxNodes).feed(rows.data(), n, chunk);
                CAPTURE(chunk);
                CHECK(sameBits(one.data(), many.data(), one.size()));
            }
        }
    }
}

TEST_CASE("more rows than one pass has")
{
    constexpr Heads kHeads{2, 1, 16};
    const auto rows = randomFloats(size_t(256 * kHeads.qkvCols()), 47);
    const auto all = Conversation(kHeads, DType::bf16, 512).feed(rows.data(), 256, 256);
    const auto parts = Conversation(kHeads, DType::bf16, 512).feed(rows.data(), 256, 50);
    CHECK(sameBits(all.data(), parts.data(), all.size()));
    const TreeTables tree = randomTree(256, 20, 48);
    CHECK(wrongLines({kHeads, DType::f16, 70, 256, &tree}, 41) == 0);
}

TEST_CASE("every line of a tree has the bits of plain decoding")
{
    for (const DType dtype : kFormats) {
        for (const int kv_len : kLengths) {
            const bool is_long = kv_len > 300;
            const TreeTables tree = randomTree(is_long ? 14 : 40, is_long ? 4 : 21, 49);
            CAPTURE(dtypeName(dtype));
            CAPTURE(kv_len);
            const Heads heads = kv_len % 2 ? Heads{4, 1, 16} : Heads{2, 2, 16};
            CHECK(wrongLines({heads, dtype, kv_len, tree.n_nodes, &tree}, is_long ? 9 : 13) == 0);
        }
    }
}

TEST_CASE("every line of a tree has the bits of plain decoding: sizes and windows")
{
    const TreeTables tree = randomTree(30, 19, 50);
    for (const Heads heads : {Heads{7, 1, 64}, Heads{1, 1, 80}, Heads{4, 1, 128}, Heads{2, 2, 6}})
        for (const DType dtype : kFormats)
            for (const int window : {0, 5, 40}) {
                CAPTURE(dtypeName(dtype));
                CAPTURE(heads.head_dim);
                CAPTURE(window);
                CHECK(wrongLines({heads, dtype, 59, 30, &tree, window}, 17) == 0);
            }
}

TEST_CASE("no schedule, number of blocks, shared memory or order of threads changes a bit")
{
    const TreeTables tree = randomTree(40, 18, 51);
    for (const Heads heads : {Heads{2, 2, 16}, Heads{4, 1, 64}, Heads{2, 1, 160}}) {
        for (const DType dtype : kFormats) {
            for (const TreeTables* shape : {static_cast<const TreeTables*>(nullptr), &tree}) {
                CAPTURE(dtypeName(dtype));
                CAPTURE(heads.head_dim);
                const bool is_small = heads.head_dim == 16;
                Step step{heads, dtype, is_small ? 1100 : 75, 40, shape};
                step.place.n_multiprocessors = 2;
                step.place.schedule = AttentionSchedule::by_chunk;
                const auto expected = step.run(0);
                const auto check
                    = [&](AttentionSchedule schedule, int n, size_t limit, uint64_t seed) {
                          step.place.schedule = schedule;
                          step.place.n_multiprocessors = n;
                          step.place.shared_limit = limit;
                          const auto out = step.run(seed);
                          CAPTURE(int(schedule));
                          CAPTURE(limit);
                          CAPTURE(seed);
                          CHECK(sameBits(out.data(), expected.data(), out.size()));
                      };
                check(AttentionSchedule::by_superchunk, 7, kSharedOfEvery, 3);
                check(AttentionSchedule::by_length, 1, kSharedOfEvery, 4);
                check(AttentionSchedule::by_chunk, 50, kSharedOfEvery, 5);
                // Just enough for one chunk and 16 rows a warp: less than the tree.
                const int row_bytes = KvLayout::rowBytesOf(dtype, heads.head_dim);
                const int query_bytes = row_bytes * 2 / kvElementBytes(dtype) + 16;
                const int teams = heads.head_dim > 128 ? 2 : 4;
                const int room = (row_bytes + 16) * (2 * kChunk + 4 * kSubBlock + 1)
                    + teams * 16 * query_bytes + (dtype == DType::q8 ? 512 : 0);
                check(AttentionSchedule::by_superchunk, 2, size_t(room), 6);
                check(AttentionSchedule::by_chunk, 2, size_t(room), 7);
            }
        }
    }
}
