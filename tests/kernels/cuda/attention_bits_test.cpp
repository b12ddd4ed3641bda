// SPDX-License-Identifier: Apache-2.0
// What may change without changing a bit of attention.
#include <doctest/doctest.h>

#include "tests/kernels/cuda/attention_step.h"

using namespace gorgon;
using namespace gorgon::cuda;
using namespace gorgon::cuda::tests;

namespace {

constexpr DType kFormats[] = {DType::f16, DType::bf16, DType::q8};

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

TEST_CASE("no schedule, number of blocks, shared memory or order of threads changes a bit")
{
    const TreeTables tree = randomTree(40, 18, 51);
    for (const Heads heads : {Heads{2, 2, 16}, Heads{4, 1, 64}, Heads{2, 1, 160}}) {
        for (const DType dtype : kFormats) {
            for (const TreeTables* shape : {static_cast<const TreeTables*>(nullptr), &tree}) {
                CAPTURE(dtypeName(dtype));
                CAPTURE(heads.head_dim);
                const bool is_small = heads.head_dim == 16;
                Step step{heads, dtype, is_small ? 1100 : 75, is_small ? 9 : 40, shape};
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
