// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/attention.h"

#include <doctest/doctest.h>

#include "tests/kernels/cuda/conversation.h"

using namespace gorgon;
using namespace gorgon::cuda;
using namespace gorgon::cuda::tests;

namespace {

constexpr DType kFormats[] = {DType::f16, DType::bf16, DType::q8};
constexpr int kLengths[] = {0, 1, 15, 16, 17, 63, 64, 65, 200, 1023, 1024, 1025};

/// What rounding of the queries, of the weights and of nothing else may do to values of about 1.
double toleranceOf(DType dtype)
{
    return dtype == DType::f16 ? 2e-3 : 1e-2;
}

/// Attention of one query at the last of the positions, in double. kv: per position (n_kv_heads,
/// head_dim) keys, then values.
std::vector<double> reference(
    const Heads& heads, const float* row, const std::vector<const float*>& kv, int64_t window)
{
    const int n = int(kv.size()), dim = heads.head_dim, group = heads.n_heads / heads.n_kv_heads;
    const int first = window > 0 ? std::max(0, n - int(window)) : 0;
    std::vector<double> out;
    for (int head = 0; head < heads.n_heads; head++) {
        std::vector<double> weights;
        double highest = -1e300, total = 0;
        for (int p = first; p < n; p++) {
            double score = 0;
            for (int d = 0; d < dim; d++)
                score
                    += double(row[head * dim + d]) * double(kv[size_t(p)][head / group * dim + d]);
            weights.push_back(score / std::sqrt(double(dim)));
            highest = std::max(highest, weights.back());
        }
        for (double& weight : weights)
            total += weight = std::exp(weight - highest);
        for (int d = 0; d < dim; d++) {
            double sum = 0;
            for (int p = first; p < n; p++)
                sum += weights[size_t(p - first)]
                    * double(kv[size_t(p)][heads.kvFloats() + head / group * dim + d]);
            out.push_back(sum / total);
        }
    }
    return out;
}

/// Largest difference between rows of a step behind kv_len positions and the reference.
double worstOf(Conversation& conversation, const Heads& heads, const float* rows, int m,
    const TreeTables* tree)
{
    const int kv_len = conversation.kvLen();
    const auto out = conversation.attend(rows, m, tree);
    std::vector<std::vector<float>> held;
    for (int slot = 0; slot < kv_len + m; slot++)
        held.push_back(conversation.read(1, slot));
    double worst = 0;
    for (int row = 0; row < m; row++) {
        std::vector<const float*> kv;
        for (int slot = 0; slot < kv_len; slot++)
            kv.push_back(held[size_t(slot)].data());
        for (int depth = 0; depth <= (tree ? tree->depth[row] : row); depth++)
            kv.push_back(held[size_t(kv_len + (tree ? tree->path[row][depth] : depth))].data());
        const auto expected
            = reference(heads, rows + row * heads.qkvCols(), kv, conversation.window);
        for (size_t i = 0; i < expected.size(); i++) {
            const double x = double(out[size_t(row * heads.outCols()) + i]);
            worst = std::isfinite(x) ? std::max(worst, std::abs(expected[i] - x)) : 1e9;
        }
    }
    return worst;
}

} // namespace

TEST_CASE(
    "attention equals softmax in double at every boundary of sub-blocks, chunks and superchunks")
{
    const TreeTables tree = randomTree(21, 6, 5);
    for (const DType dtype : kFormats) {
        for (const int kv_len : kLengths) {
            const Heads heads = kv_len > 300 ? Heads{2, 1, 16} : Heads{4, 2, 16};
            CAPTURE(dtypeName(dtype));
            CAPTURE(kv_len);
            const auto prefix = randomFloats(size_t((kv_len + 1) * heads.qkvCols()), 41);
            const auto rows = randomFloats(size_t(21 * heads.qkvCols()), 42);
            for (const TreeTables* shape : {static_cast<const TreeTables*>(nullptr), &tree}) {
                Conversation conversation(heads, dtype, kv_len + kMaxNodes);
                conversation.remember(prefix.data(), kv_len);
                CHECK(worstOf(conversation, heads, rows.data(), 21, shape) < toleranceOf(dtype));
            }
        }
    }
}

TEST_CASE("attention equals softmax in double for every size of heads and groups")
{
    constexpr Heads kShapes[] = {{1, 1, 2}, {3, 3, 6}, {8, 2, 64}, {7, 1, 80}, {2, 2, 96},
        {4, 1, 128}, {2, 1, 160}, {2, 1, 256}};
    const TreeTables tree = randomTree(18, 5, 6);
    for (const DType dtype : kFormats) {
        for (const Heads& heads : kShapes) {
            for (const int window : {0, 19}) {
                CAPTURE(dtypeName(dtype));
                CAPTURE(heads.head_dim);
                CAPTURE(window);
                const auto prefix = randomFloats(size_t(37 * heads.qkvCols()), 43);
                const auto rows = randomFloats(size_t(18 * heads.qkvCols()), 44);
                Conversation conversation(heads, dtype, 37 + kMaxNodes);
                conversation.window = window;
                conversation.remember(prefix.data(), 37);
                CHECK(worstOf(conversation, heads, rows.data(), 18, &tree) < toleranceOf(dtype));
                CHECK(worstOf(conversation, heads, rows.data(), 18, nullptr) < toleranceOf(dtype));
            }
        }
    }
}

TEST_CASE("high scores leave one position")
{
    constexpr Heads kHeads{2, 1, 64};
    for (const DType dtype : kFormats) {
        CAPTURE(dtypeName(dtype));
        const auto rows = randomFloats(size_t(90 * kHeads.qkvCols()), 45, 30);
        Conversation conversation(kHeads, dtype, 90 + kMaxNodes);
        conversation.remember(rows.data(), 70);
        // Scores of thousands: rounding of a query moves them by whole numbers, so only what they
        // leave is compared: a mean of values, none larger than the largest.
        const auto out = conversation.attend(rows.data() + 70 * kHeads.qkvCols(), 20, nullptr);
        CHECK(std::all_of(
            out.begin(), out.end(), [](float x) { return std::isfinite(x) && std::abs(x) < 200; }));
    }
}

TEST_CASE("rows that are not numbers stay alone")
{
    constexpr Heads kHeads{2, 1, 16};
    const int kv_len = 21, m = 12;
    const TreeTables tree = makeTree({-1, 0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7});
    for (const DType dtype : kFormats) {
        CAPTURE(dtypeName(dtype));
        const auto prefix = randomFloats(size_t(kv_len * kHeads.qkvCols()), 52);
        auto rows = randomFloats(size_t(m * kHeads.qkvCols()), 53);
        Conversation good(kHeads, dtype, 300), bad(kHeads, dtype, 300);
        good.remember(prefix.data(), kv_len);
        bad.remember(prefix.data(), kv_len);
        const auto expected = good.attend(rows.data(), m, &tree);
        std::fill_n(rows.begin() + 2 * kHeads.qkvCols(), kHeads.qkvCols(), NAN);
        const auto out = bad.attend(rows.data(), m, &tree);
        for (int node = 0; node < m; node++) {
            const bool is_below = tree.depth[node] > 0 && tree.path[node][1] == 2;
            const float* const row = out.data() + node * kHeads.outCols();
            CAPTURE(node);
            if (is_below)
                CHECK(std::all_of(
                    row, row + kHeads.outCols(), [](float x) { return std::isnan(x); }));
            else
                CHECK(sameBits(
                    row, expected.data() + node * kHeads.outCols(), size_t(kHeads.outCols())));
        }
    }
}
