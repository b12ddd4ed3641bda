// SPDX-License-Identifier: Apache-2.0
// The vocabulary from given logits: tiles are fed to the epilogues, and the results compared with
// double arithmetic and with the processor's.
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "kernels/cpu/select.h"
#include "kernels/cuda/select.h"
#include "tests/kernels/cuda/device_array.h"
#include "tests/kernels/test_data.h"

using namespace gorgon;
using namespace gorgon::tests;
using cuda::tests::DeviceArray;
using cuda::tests::Lent;
using cuda::tests::Seed;

namespace {

// Under the sanitizers a wide vocabulary is tried with fewer settings.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
bool isTried(int64_t n_out, bool is_typical)
{
    return n_out < 1000 || is_typical;
}
#else
bool isTried(int64_t, bool)
{
    return true;
}
#endif

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr int kThreads = cuda::kProductThreads;
constexpr int kPassRows = cuda::kPassRows;

/// A block per tile and 64 rows: logits into a tile, as a product leaves them.
template <class Epilogue>
GORGON_KERNEL void feedKernel(const float* logits, int64_t n_out, int m, Epilogue end)
{
    float* const tile = cuda::dynamicShared<float>();
    const int64_t n_tiles = cuda::tileCount(n_out);
    const int64_t first = cuda::blockIndex() % n_tiles * cuda::kTileTokens;
    const int first_row = int(cuda::blockIndex() / n_tiles) * kPassRows;
    const int n_rows = m - first_row < kPassRows ? m - first_row : kPassRows;
    const int n = int(n_out - first < cuda::kTileTokens ? n_out - first : cuda::kTileTokens);
    for (int i = cuda::threadIndex(); i < n_rows * n; i += kThreads)
        tile[i / n * cuda::kTileStride + i % n]
            = logits[(first_row + i / n) * n_out + first + i % n];
    cuda::syncThreads();
    end(tile, int(first), n, first_row, n_rows);
}

/// Enqueues and waits.
template <class Enqueue> void runOnDevice(const Enqueue& enqueue)
{
    cuda::Stream stream;
    enqueue(stream);
    stream.synchronize();
    REQUIRE(stream.error() == "");
}

class Selection
{
public:
    explicit Selection(int64_t vocab)
        : m_n_out(vocab)
        , m_summaries(cuda::summaryBytes(vocab) / sizeof(cuda::TileSummary))
        , m_candidates(cuda::candidateBytes(vocab) / sizeof(uint64_t))
        , m_scratch{m_summaries.data(), m_candidates.data()}
    {
    }

    void project(const std::vector<float>& logits, const TreeTables* tree, StepState& state,
        std::vector<float>* stored = nullptr)
    {
        const Lent<const float> values(logits.data(), logits.size());
        const Lent<const TreeTables> shape(tree);
        const Lent<StepState> to(&state);
        const Lent<float> keep(stored ? stored->data() : nullptr, logits.size());
        const int m = rowsOf(logits);
        runOnDevice([&](cuda::Stream& stream) {
            feed(stream, values.data(), m,
                cuda::ProjectEpilogue{
                    shape.data(), to.data(), m_scratch.summaries, keep.data(), m_n_out});
            cuda::enqueueMergeRows(stream, m_scratch, m, m_n_out, to.data());
        });
    }
    void topK(const std::vector<float>& logits, int first_head, int k, StepState& state)
    {
        const Lent<const float> values(logits.data(), logits.size());
        const Lent<StepState> to(&state);
        const int m = rowsOf(logits);
        runOnDevice([&](cuda::Stream& stream) {
            feed(stream, values.data(), m,
                cuda::TopKEpilogue{m_scratch.summaries, m_scratch.candidates, m_n_out, k});
            cuda::enqueueMergeTopK(stream, m_scratch, m, m_n_out, first_head, k, to.data());
        });
    }

private:
    int rowsOf(const std::vector<float>& logits) const
    {
        return int(int64_t(logits.size()) / m_n_out);
    }
    template <class Epilogue>
    void feed(cuda::Stream& stream, const float* logits, int m, const Epilogue& end)
    {
        const int blocks = int(cuda::tileCount(m_n_out)) * ((m + kPassRows - 1) / kPassRows);
        cuda::launch(stream, feedKernel<Epilogue>, blocks, kThreads, cuda::kTileBytes, logits,
            m_n_out, m, end);
    }

    int64_t m_n_out;
    DeviceArray<cuda::TileSummary> m_summaries;
    DeviceArray<uint64_t> m_candidates;
    cuda::SelectScratch m_scratch;
};

/// logits: (m, n_out), as project has stored them.
void restrictDraws(
    std::vector<float>& logits, int64_t n_out, const TreeTables* tree, StepState& state)
{
    const Lent<float> values(logits.data(), logits.size());
    const Lent<const TreeTables> shape(tree);
    const Lent<StepState> to(&state);
    runOnDevice([&](cuda::Stream& stream) {
        cuda::enqueueRestrictDraws(stream, {values.data(), int64_t(logits.size()) / n_out, n_out},
            shape.data(), to.data());
    });
}

GORGON_KERNEL void noiseKernel(uint64_t seed, uint32_t position, int n, float* out)
{
    for (int first = 4 * (cuda::blockIndex() * kThreads + cuda::threadIndex()); first < n;
         first += 4 * kThreads * cuda::blockCount())
    {
        float noise[4];
        cuda::noiseOfFour(seed, position, uint32_t(first), noise);
        for (int i = 0; i < 4; i++)
            out[first + i] = noise[i];
    }
}

/// What the processor makes of the same logits: its weights are their transpose, its rows unit
/// vectors.
struct OnProcessor
{
    std::unique_ptr<Backend> backend = cpu(2);
    Matrix w;
    std::vector<float> x;
    int m;

    OnProcessor(const std::vector<float>& logits, int64_t n_out)
        : x(logits.size() / size_t(n_out) * (logits.size() / size_t(n_out)))
        , m(int(logits.size() / size_t(n_out)))
    {
        std::vector<float> weights(logits.size());
        for (int r = 0; r < m; r++) {
            x[size_t(r * m + r)] = 1;
            for (int64_t i = 0; i < n_out; i++)
                weights[size_t(i * m + r)] = logits[size_t(r * n_out + i)];
        }
        w = makeMatrix(*backend, DType::f32, n_out, m, weights);
    }
};

TreeTables treeOf(int m, uint32_t seed)
{
    return randomTree(m, 9, seed);
}

StepState stateFor(float temperature, int m, int64_t n_out)
{
    StepState state;
    state.kv_len = 777;
    state.settings.temperature = temperature;
    state.settings.seed = 0x123456789ABCDEFULL;
    for (int node = 0; node < m; node++)
        state.tokens[node] = node % 5 == 4 ? -1 : int32_t((node * 131) % (n_out + 3));
    return state;
}

} // namespace

TEST_CASE("the noise is the processor's to the last bits, also far out")
{
    double worst = 0;
    for (const uint64_t seed : {0ULL, 7ULL, 0xFEDCBA9876543210ULL})
        for (const uint32_t position : {0U, 1U, 4095U}) {
            std::vector<float> expected(32000);
            cpuNoise(seed, position, 0, int(expected.size()), expected.data());
            const DeviceArray<float> out(expected.size());
            runOnDevice([&](cuda::Stream& stream) {
                cuda::launch(stream, noiseKernel, 4, kThreads, 0, seed, position,
                    int(expected.size()), out.data());
            });
            const std::vector<float> noise = out.values();
            for (size_t i = 0; i < noise.size(); i++)
                worst = std::max(worst,
                    double(std::abs(noise[i] - expected[i]))
                        / std::max(1.0, double(std::abs(noise[i]))));
        }
    CHECK(worst < 2e-6);
}

TEST_CASE("project on the device gives what it gives on the processor")
{
    uint32_t seed = 50;
    for (const int64_t n_out : {1, 5, 127, 128, 129, 700, 40000})
        for (const float temperature : {0.0F, 0.3F, 1.0F, 2.5F}) {
            if (!isTried(n_out, temperature == 0.3F))
                continue;
            const int m = n_out > 1000 ? 3 : 70;
            auto logits = randomFloats(size_t(m * n_out), seed++, 3);
            std::fill(logits.begin() + n_out, logits.begin() + 2 * n_out, 0.5F); // row 1: all tie
            const TreeTables tree = treeOf(m, seed);
            StepState state = stateFor(temperature, m, n_out), expected = state;
            std::vector<float> stored(logits.size(), kNan);
            const Seed use(seed);
            Selection(n_out).project(logits, &tree, state, &stored);
            OnProcessor on_cpu(logits, n_out);
            on_cpu.backend->project(on_cpu.w, view(on_cpu.x, m), &tree, &expected, {});
            CAPTURE(n_out);
            CAPTURE(temperature);
            CHECK(sameBits(stored.data(), logits.data(), logits.size()));
            CHECK(state.record.bad_logits == 0);
            for (int r = 0; r < m; r++) {
                CAPTURE(r);
                CHECK(state.max_logit[r] == expected.max_logit[r]);
                CHECK(state.argmax[r] == expected.argmax[r]);
                CHECK(state.log_z[r] == doctest::Approx(expected.log_z[r]).epsilon(1e-5));
                CHECK(std::abs(state.entropy[r] - expected.entropy[r]) < 1e-4F);
                CHECK(state.draw[r] == expected.draw[r]);
                CHECK(state.draw_logit[r] == expected.draw_logit[r]);
                CHECK(state.child_logit[r] == expected.child_logit[r]);
            }
        }
}

TEST_CASE("a row has the same bits alone and among 256, whatever the order of threads and blocks")
{
    constexpr int64_t kOut = 389;
    const auto logits = randomFloats(size_t(kMaxNodes * kOut), 60, 2);
    const TreeTables tree = treeOf(kMaxNodes, 61);
    StepState alone;
    Selection selection(kOut);
    for (int r = 0; r < kMaxNodes; r++) {
        StepState one = stateFor(0.8F, 1, kOut);
        one.kv_len += tree.depth[r];
        const std::vector<float> row(logits.begin() + r * kOut, logits.begin() + (r + 1) * kOut);
        selection.project(row, nullptr, one);
        alone.max_logit[r] = one.max_logit[0];
        alone.log_z[r] = one.log_z[0];
        alone.entropy[r] = one.entropy[0];
        alone.draw_logit[r] = one.draw_logit[0];
        alone.argmax[r] = one.argmax[0];
        alone.draw[r] = one.draw[0];
    }
    for (const int m : {2, 7, 63, 64, 65, 130, 256}) {
        const Seed use{uint64_t(m)};
        StepState state = stateFor(0.8F, m, kOut);
        TreeTables part = tree;
        part.n_nodes = m;
        selection.project(
            std::vector<float>(logits.begin(), logits.begin() + m * kOut), &part, state);
        CAPTURE(m);
        CHECK(sameBits(state.max_logit, alone.max_logit, size_t(m)));
        CHECK(sameBits(state.log_z, alone.log_z, size_t(m)));
        CHECK(sameBits(state.entropy, alone.entropy, size_t(m)));
        CHECK(sameBits(state.draw_logit, alone.draw_logit, size_t(m)));
        CHECK(std::equal(state.argmax, state.argmax + m, alone.argmax));
        CHECK(std::equal(state.draw, state.draw + m, alone.draw));
    }
}

TEST_CASE("rows with NaN or infinities are recognised and never index out of range")
{
    constexpr int kVocab = 300;
    std::vector<float> plain(kVocab);
    for (int i = 0; i < kVocab; i++)
        plain[size_t(i)] = float(i % 7);
    const auto run = [&](const std::vector<float>& logits, float temperature) {
        StepState state;
        state.record.bad_logits = 7;
        state.settings.temperature = temperature;
        Selection(kVocab).project(logits, nullptr, state);
        CHECK(state.draw[0] >= 0);
        CHECK(state.draw[0] < kVocab);
        CHECK(std::isfinite(state.entropy[0]));
        CHECK(std::isfinite(state.log_z[0]));
        return state;
    };
    for (const float temperature : {0.0F, 1.0F}) {
        CHECK(run(plain, temperature).record.bad_logits == 0);
        CHECK(run(std::vector<float>(kVocab, kNan), temperature).record.bad_logits == 1);
        CHECK(run(std::vector<float>(kVocab, -kInfinity), temperature).record.bad_logits == 1);
        auto some = plain;
        some[6] = kNan;
        some[299] = kNan;
        const StepState state = run(some, temperature);
        CHECK(state.record.bad_logits == 0);
        CHECK(state.argmax[0] == 13); // the next of the largest, 6
        some[200] = kInfinity;
        CHECK(run(some, temperature).record.bad_logits == 1);
    }
}

TEST_CASE("topK gives the best by value, ties by id, with probabilities at temperature 1")
{
    uint32_t seed = 70;
    for (const int64_t n_out : {3, 64, 130, 999, 40000})
        for (const int k : {1, 10, 64}) {
            if (!isTried(n_out, k == 64))
                continue;
            const int m = 4;
            auto logits = randomFloats(size_t(m * n_out), seed++, 2);
            std::fill(logits.begin() + n_out, logits.begin() + 2 * n_out, 0.0F); // all tie
            for (int64_t i = 0; i < n_out; i++) // few values, -0 among them
                logits[size_t(2 * n_out + i)] = float(i % 3) - 1 == 0 ? -0.0F : float(i % 3) - 1;
            StepState state, expected;
            state.settings.temperature = expected.settings.temperature = 0.2F; // must not matter
            const Seed use(seed);
            Selection(n_out).topK(logits, 2, k, state);
            OnProcessor on_cpu(logits, n_out);
            on_cpu.backend->topK(on_cpu.w, view(on_cpu.x, m), 2, k, &expected);
            CAPTURE(n_out);
            CAPTURE(k);
            CHECK(state.n_heads_run == 6);
            for (int head = 2; head < 6; head++) {
                CAPTURE(head);
                CHECK(state.head_bad[head] == 0);
                CHECK(std::equal(state.head_token[head], state.head_token[head] + kMaxTopK,
                    expected.head_token[head]));
                for (int i = 0; i < kMaxTopK; i++)
                    CHECK(std::abs(state.head_prob[head][i] - expected.head_prob[head][i]) < 1e-5F);
            }
        }
}

TEST_CASE("a broken head is marked and proposes nothing; single NaN are passed over")
{
    constexpr int kVocab = 140;
    auto logits = randomFloats(2 * kVocab, 80);
    std::fill(logits.begin() + kVocab, logits.end(), kNan);
    logits[17] = kNan;
    logits[18] = -kInfinity;
    StepState state;
    Selection(kVocab).topK(logits, 0, 64, state);
    CHECK(state.head_bad[0] == 0);
    CHECK(state.head_bad[1] == 1);
    for (int i = 0; i < kMaxTopK; i++) {
        CHECK(state.head_token[0][i] >= 0);
        CHECK(state.head_token[0][i] != 17);
        CHECK(state.head_token[0][i] != 18);
        CHECK(state.head_token[1][i] == -1);
        CHECK(state.head_prob[1][i] == 0);
    }
    // Fewer finite logits than asked for.
    std::vector<float> few(kVocab, -kInfinity);
    few[99] = 1;
    few[3] = 2;
    StepState two;
    Selection(kVocab).topK(few, 0, 10, two);
    CHECK(two.head_token[0][0] == 3);
    CHECK(two.head_token[0][1] == 99);
    CHECK(two.head_token[0][2] == -1);
}

TEST_CASE("restrictDraws on the device draws what the processor draws")
{
    uint32_t seed = 90;
    for (const int64_t n_out : {1, 5, 517, 40000})
        for (const float top_p : {0.0F, 0.1F, 0.5F, 0.9F, 0.999F, 1.0F}) {
            if (!isTried(n_out, top_p == 0.1F || top_p == 0.9F))
                continue;
            const int m = n_out > 1000 ? 3 : 12;
            auto logits = randomFloats(size_t(m * n_out), seed++, 2);
            std::fill(logits.begin() + n_out, logits.begin() + 2 * n_out, 0.0F); // row 1: all equal
            if (n_out > 100) // row 2: three values, so that ties cross the edge
                for (int64_t i = 0; i < n_out; i++)
                    logits[size_t(2 * n_out + i)] = i % 50 == 0 ? 3.0F : float(i % 3);
            const TreeTables tree = treeOf(m, seed);
            StepState state = stateFor(0.9F, m, n_out);
            state.settings.top_p = top_p;
            std::vector<float> stored(logits.size());
            const Seed use(seed);
            Selection(n_out).project(logits, &tree, state, &stored);
            StepState expected = state;
            restrictDraws(stored, n_out, &tree, state);
            OnProcessor on_cpu(logits, n_out);
            on_cpu.backend->restrictDraws(view(stored, n_out), &tree, &expected);
            CAPTURE(n_out);
            CAPTURE(top_p);
            for (int r = 0; r < m; r++) {
                CAPTURE(r);
                CHECK(state.draw[r] == expected.draw[r]);
                CHECK(state.draw_logit[r] == expected.draw_logit[r]);
            }
        }
}

TEST_CASE("restrictDraws leaves arg-max draws and bad rows alone")
{
    constexpr int64_t kOut = 50;
    auto logits = randomFloats(2 * kOut, 120);
    std::fill(logits.begin() + kOut, logits.end(), kNan);
    const TreeTables tree = makeTree({-1, 0});
    for (const float temperature : {0.0F, 1.0F}) {
        StepState state = stateFor(temperature, 2, kOut);
        state.settings.top_p = 0.5F;
        std::vector<float> stored(logits.size());
        Selection(kOut).project(logits, &tree, state, &stored);
        restrictDraws(stored, kOut, &tree, state);
        CHECK(state.draw[1] == 0);
        if (temperature == 0)
            CHECK(state.draw[0] == state.argmax[0]);
    }
}

TEST_CASE("a set of one token, whatever its neighbours weigh")
{
    // Top-p of almost everything where one token has almost all the mass.
    constexpr int64_t kOut = 1000;
    std::vector<float> logits(kOut, -30.0F);
    logits[640] = 10;
    StepState state = stateFor(1, 1, kOut);
    state.settings.top_p = 0.999F;
    std::vector<float> stored(kOut);
    Selection(kOut).project(logits, nullptr, state, &stored);
    restrictDraws(stored, kOut, nullptr, state);
    CHECK(state.draw[0] == 640);
}
