// SPDX-License-Identifier: Apache-2.0
// Every line of a tree has the bits of plain decoding.
#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "tests/kernels/cuda/attention_step.h"

using namespace gorgon;
using namespace gorgon::cuda;
using namespace gorgon::cuda::tests;

namespace {

constexpr DType kFormats[] = {DType::f16, DType::bf16, DType::q8};
constexpr int kLengths[] = {0, 1, 15, 16, 17, 63, 64, 65, 200, 1023, 1024, 1025};

} // namespace

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

TEST_CASE("random shapes: lines of trees and chunks have the bits of plain decoding")
{
    // More of them: GORGON_TEST_ROUNDS in the environment.
    const char* const rounds = std::getenv("GORGON_TEST_ROUNDS");
    const int n_rounds = rounds ? std::atoi(rounds) : 12;
    for (int round = 0; round < n_rounds; round++) {
        std::mt19937 random(uint32_t(round) + 1000);
        const auto upTo = [&](int n) { return int(random() % uint32_t(n)) + 1; };
        const int n_kv_heads = upTo(3), group = upTo(9), kv_len = upTo(150) - 1, m = upTo(90);
        const Heads heads{n_kv_heads * group, n_kv_heads, 2 * upTo(round % 4 == 0 ? 128 : 24)};
        const TreeTables tree = randomTree(m, upTo(30), uint32_t(round));
        Step step{heads, kFormats[random() % 3], kv_len, m, &tree};
        step.window = random() % 2 ? upTo(kv_len + 40) : 0;
        step.place.schedule = AttentionSchedule(random() % 3);
        step.place.n_multiprocessors = upTo(5);
        CAPTURE(round);
        CHECK(wrongLines(step, m > 8 ? m / 2 : 3) == 0);

        step.tree = nullptr;
        const auto rows = randomFloats(size_t(m * heads.qkvCols()), 32);
        const auto prefix = randomFloats(size_t((kv_len + 1) * heads.qkvCols()), 31);
        Conversation parts(heads, step.dtype, kv_len + kMaxNodes);
        parts.window = step.window;
        parts.remember(prefix.data(), kv_len);
        const auto out = parts.feed(rows.data(), m, upTo(m));
        CHECK(sameBits(step.run(uint64_t(round)).data(), out.data(), out.size()));
    }
}
