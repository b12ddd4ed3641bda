// SPDX-License-Identifier: Apache-2.0
// Judgement and proposal against those of the processor, field by field.
#include <doctest/doctest.h>

#include <limits>

#include "kernels/cpu/accept.h"
#include "kernels/cuda/accept.h"
#include "tests/kernels/cuda/device_array.h"
#include "tests/kernels/test_data.h"

using namespace gorgon;
using namespace gorgon::tests;
using cuda::tests::Lent;
using cuda::tests::Seed;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

bool sameBytes(const void* a, const void* b, size_t bytes)
{
    return std::memcmp(a, b, bytes) == 0;
}

/// Emulated kernels call the processor's exp and log, a device its own.
template <size_t n> bool sameFloats(const float (&a)[n], const float (&b)[n])
{
#ifdef GORGON_CUDA_EMULATED
    return sameBytes(a, b, sizeof a);
#else
    return std::equal(a, a + n, b, [](float x, float y) {
        return x == y || std::abs(x - y) <= 1e-5F * std::max(1.0F, std::abs(y));
    });
#endif
}

void acceptOnDevice(const TreeTables* tree, StepState& state)
{
    const Lent<const TreeTables> shape(tree);
    const Lent<StepState> to(&state);
    cuda::Stream stream;
    cuda::enqueueAccept(stream, shape.data(), to.data());
    stream.synchronize();
    REQUIRE(stream.error() == "");
}

void proposeOnDevice(const TreeTables* tree, int n_heads, StepState& state)
{
    const Lent<const TreeTables> shape(tree);
    const Lent<StepState> to(&state);
    cuda::Stream stream;
    cuda::enqueuePropose(stream, shape.data(), n_heads, to.data());
    stream.synchronize();
    REQUIRE(stream.error() == "");
}

/// Whether two states agree in all that propose and accept write.
void checkSame(const StepState& a, const StepState& b)
{
    CHECK(a.root == b.root);
    CHECK(sameBytes(a.tokens, b.tokens, sizeof a.tokens));
    const StepRecord &x = a.record, &y = b.record;
    CHECK(x.n_nodes == y.n_nodes);
    CHECK(x.accept_length == y.accept_length);
    CHECK(x.next_root == y.next_root);
    CHECK(x.kv_len == y.kv_len);
    CHECK(x.n_bad_heads == y.n_bad_heads);
    CHECK(sameBytes(x.head_token, y.head_token, sizeof x.head_token));
    CHECK(sameBytes(x.path, y.path, sizeof x.path));
    CHECK(sameBytes(x.token, y.token, sizeof x.token));
    CHECK(sameFloats(x.draft_prob, y.draft_prob));
    CHECK(sameFloats(x.posterior_prob, y.posterior_prob));
    CHECK(sameFloats(x.threshold, y.threshold));
    CHECK(sameFloats(x.entropy, y.entropy));
    CHECK(sameBytes(x.choice, y.choice, sizeof x.choice));
    CHECK(sameFloats(x.choice_prob, y.choice_prob));
    CHECK(sameBytes(x.verdict, y.verdict, sizeof x.verdict));
}

/// What project would leave, over a vocabulary so small that nodes are often admitted and often
/// tie.
StepState judgedState(const TreeTables& tree, std::mt19937& random)
{
    StepState state;
    const auto below = [&](int n) { return int(random() % uint32_t(n)); };
    state.kv_len = below(5000);
    state.settings.temperature = float(below(3)) * 0.6F;
    state.settings.acceptance = AcceptanceMode(below(3));
    state.settings.posterior_threshold = 0.05F + 0.1F * float(below(3));
    state.settings.posterior_alpha = 0.3F + 0.5F * float(below(3));
    state.settings.typical_root_argmax = below(2);
    for (int node = 0; node < tree.n_nodes; node++) {
        state.tokens[node] = below(8) == 0 ? -1 : below(3);
        state.argmax[node] = below(3);
        state.draw[node] = below(3);
        state.max_logit[node] = below(30) == 0 ? -kInfinity : 1 + float(below(3));
        state.log_z[node] = 0.3F * float(1 + below(4));
        state.entropy[node] = 0.5F * float(below(4));
        state.draw_logit[node] = float(below(3)) - 1;
        state.child_logit[node] = below(20) == 0 ? -kInfinity : float(below(4)) - 1;
    }
    return state;
}

} // namespace

TEST_CASE("acceptance on the device is the processor's, field by field")
{
    std::mt19937 random(1);
    int n_long = 0, n_typical = 0;
    for (int round = 0; round < 400; round++) {
        const int n = round % 7 == 0 ? kMaxNodes : 1 + int(random() % 90);
        const TreeTables tree = randomTree(n, 1 + int(random() % 12), uint32_t(round));
        StepState expected = judgedState(tree, random);
        StepState state = expected;
        const TreeTables* const shape = round % 50 == 3 ? nullptr : &tree;
        cpuAccept(shape, &expected);
        const Seed use{uint64_t(round)};
        acceptOnDevice(shape, state);
        CAPTURE(round);
        checkSame(state, expected);
        n_long += expected.record.accept_length > 2;
        n_typical += expected.settings.acceptance == AcceptanceMode::typical
            && expected.settings.temperature > 0;
    }
    CHECK(n_long > 20);
    CHECK(n_typical > 50);
}

TEST_CASE("a chain as deep as a tree may be, and siblings that repeat a token")
{
    std::vector<int> parents{-1};
    for (int i = 0; i < kMaxDepth; i++)
        parents.push_back(i);
    const TreeTables chain = makeTree(parents);
    const TreeTables twins = makeTree({-1, 0, 0, 1, 2, 3, 4});
    for (const TreeTables* tree : {&chain, &twins})
        for (const AcceptanceMode mode :
            {AcceptanceMode::greedy, AcceptanceMode::typical, AcceptanceMode::exact})
        {
            StepState state;
            state.settings.temperature = mode == AcceptanceMode::greedy ? 0 : 1;
            state.settings.acceptance = mode;
            for (int node = 0; node < tree->n_nodes; node++)
                state.max_logit[node] = state.child_logit[node] = 2; // every token is the one, 0
            StepState expected = state;
            cpuAccept(tree, &expected);
            acceptOnDevice(tree, state);
            checkSame(state, expected);
            CHECK(state.record.accept_length == tree->depth[tree->n_nodes - 1]);
        }
}

TEST_CASE("proposals on the device are the processor's")
{
    std::mt19937 random(2);
    for (int round = 0; round < 60; round++) {
        const TreeTables tree = randomTree(1 + int(random() % kMaxNodes), 6, uint32_t(round));
        StepState state;
        state.root = 7;
        for (int head = 0; head < kMaxHeads; head++) {
            state.head_bad[head] = random() % 4 == 0;
            for (int rank = 0; rank < kMaxTopK; rank++) {
                state.head_token[head][rank] = int(random() % 50) - 1;
                state.head_prob[head][rank] = float(random() % 100) * 0.01F;
            }
        }
        StepState expected = state;
        const TreeTables* const shape = round % 10 == 0 ? nullptr : &tree;
        const int n_heads = round == 1 ? 0 : round == 2 ? kMaxHeads : 1 + int(random() % 7);
        cpuPropose(shape, n_heads, &expected);
        const Seed use{uint64_t(round)};
        proposeOnDevice(shape, n_heads, state);
        CAPTURE(round);
        checkSame(state, expected);
    }
}
