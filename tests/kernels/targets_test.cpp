// SPDX-License-Identifier: Apache-2.0
// Processors that fuse multiply and add compute the same bits, whatever else they have.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "tests/kernels/test_data.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

/// One small pass through every operation with vectors in it; everything that it computed.
/// caches: formats of the cache.
std::vector<float> everything(const std::vector<DType>& caches)
{
    constexpr int kNodes = 21, kDim = 52, kHeads = 4, kKvHeads = 2, kHeadDim = 12, kVocab = 333;
    constexpr int kCols = (kHeads + 2 * kKvHeads) * kHeadDim;
    auto backend = cpu(2);
    std::vector<float> all;
    const auto keep = [&](const std::vector<float>& values) {
        all.insert(all.end(), values.begin(), values.end());
    };
    const TreeTables tree = randomTree(kNodes, 5, 51);
    auto x = randomFloats(kNodes * kDim, 52);
    const auto weight = randomFloats(kDim, 53);
    backend->rmsNorm(view(x, kDim), weight.data(), 1e-5F, view(x, kDim));
    keep(x);
    std::vector<float> qkv(kNodes * kCols);
    for (const DType dtype : {DType::f32, DType::bf16, DType::f16, DType::q8, DType::q4}) {
        const Matrix w = makeMatrix(*backend, dtype, kCols, kDim, randomFloats(kCols * kDim, 54));
        backend->matmul(w, view(x, kDim), nullptr, Epilogue::add, view(qkv, kCols));
        keep(qkv);
    }
    std::vector<float> cosines(300 * kHeadDim / 2, 0.8F), sines(300 * kHeadDim / 2, 0.6F);
    const RopeTable rope{view(cosines, kHeadDim / 2), view(sines, kHeadDim / 2)};
    const auto head_norm = randomFloats(kHeadDim, 56);
    StepState state;
    state.settings.temperature = 0.9F;
    state.settings.top_p = 0.8F;
    std::vector<float> out(kNodes * kHeads * kHeadDim);
    for (const DType dtype : caches) {
        KvCache cache = backend->makeKvCache(dtype, 1, kKvHeads, kHeadDim, 300);
        state.kv_len = 0;
        for (const TreeTables* const shape : {static_cast<const TreeTables*>(nullptr), &tree}) {
            backend->ropeAndStore(view(qkv, kCols), kHeads,
                {head_norm.data(), head_norm.data(), 1e-5F}, rope, cache, 0, shape, &state);
            backend->attention(view(qkv, kCols), kHeads, shape ? 13 : 0, cache, 0, shape, &state,
                view(out, kHeads * kHeadDim));
            keep(out);
            backend->advance(&state, kNodes);
        }
    }
    std::vector<float> h(kNodes * kDim / 2);
    backend->siluMul(view(x, kDim), view(h, kDim / 2));
    backend->addSilu(view(h, kDim / 2), view(h, kDim / 2), view(h, kDim / 2));
    keep(h);
    const Matrix vocabulary
        = makeMatrix(*backend, DType::bf16, kVocab, kDim, randomFloats(kVocab * kDim, 55));
    std::vector<float> logits(kNodes * kVocab);
    backend->project(vocabulary, view(x, kDim), &tree, &state, view(logits, kVocab));
    keep(logits);
    const Matrix quantized
        = makeMatrix(*backend, DType::q8, kVocab, kDim, randomFloats(kVocab * kDim, 56));
    backend->project(quantized, view(x, kDim), &tree, &state, view(logits, kVocab));
    keep(logits);
    backend->restrictDraws(view(logits, kVocab), &tree, &state);
    backend->topK(vocabulary, view(x, kDim), 0, 20, &state);
    for (int r = 0; r < kNodes; r++)
        keep({state.max_logit[r], float(state.argmax[r]), state.log_z[r], state.entropy[r],
            float(state.draw[r]), state.draw_logit[r], state.child_logit[r],
            float(state.head_token[r][19]), state.head_prob[r][19]});
    return all;
}

constexpr Instructions kFusing[]
    = {Instructions::neon, Instructions::neon_dot, Instructions::avx2, Instructions::avx2_vnni,
        Instructions::avx512, Instructions::avx512_vnni, Instructions::avx512_bf16};

} // namespace

// note: against bf16 the widest instruction sets sum in an order of their own where rows are whole
// blocks of 32, which these are not; matmul_test compares those with a double loop.
TEST_CASE("instruction sets with a fused multiply-add give the same bits")
{
    const std::vector<DType> caches{DType::f32, DType::f16, DType::bf16, DType::q8};
    const auto expected = everything(caches);
    for (const Instructions most : kFusing) {
        if (!mayUse(most)) {
            MESSAGE("skipped: this processor lacks instructions " << int(most));
            continue;
        }
        const Limited limited(most);
        const auto out = everything(caches);
        CHECK(out.size() == expected.size());
        CHECK(sameBits(out.data(), expected.data(), out.size()));
    }
}

TEST_CASE(
    "quantized products of any number of rows have the same bits with and without dot products")
{
    constexpr int kOut = 150, kIn = 544, kRows = 14;
    auto backend = cpu(2);
    auto x = randomFloats(kRows * kIn, 58);
    for (const DType dtype : {DType::q8, DType::q4}) {
        const Matrix w = makeMatrix(*backend, dtype, kOut, kIn, randomFloats(kOut * kIn, 59));
        for (int m = 1; m <= kRows; m++) {
            std::vector<float> expected(size_t(m * kOut)), y(expected.size());
            backend->matmul(
                w, view(x, kIn).rowsFrom(0, m), nullptr, Epilogue::store, view(expected, kOut));
            for (const Instructions most : kFusing) {
                if (!mayUse(most))
                    continue;
                const Limited limited(most);
                backend->matmul(
                    w, view(x, kIn).rowsFrom(0, m), nullptr, Epilogue::store, view(y, kOut));
                CAPTURE(dtypeName(dtype));
                CAPTURE(m);
                CAPTURE(instructionSetName());
                CHECK(sameBits(y.data(), expected.data(), y.size()));
            }
        }
    }
}

#if defined(__aarch64__)
TEST_CASE("instructions of arm64 are found, and named as the limit allows them")
{
    const Limited nothing(Instructions::amx);
    CHECK(mayUse(Instructions::neon));
    if (const char* const emulated = std::getenv("QEMU_CPU"))
        CHECK(mayUse(Instructions::neon_dot) == (std::string(emulated) == "max"));
    CHECK(!mayUse(Instructions::sse4));
    const Limited limited(Instructions::neon);
    CHECK(!mayUse(Instructions::neon_dot));
    CHECK(instructionSetName() == "NEON");
}
#endif

TEST_CASE("every instruction set quantizes weights to the same bytes")
{
    auto values = randomFloats(37 * 300, 57, 0.02F);
    values[5000] = 3.0F;
    values[9000] = INFINITY;
    const auto bytes = [&](DType dtype) {
        auto backend = cpu(2);
        const Matrix w = makeMatrix(*backend, dtype, 37, 300, values);
        const char* const data = w.data.as<const char>();
        return std::vector<char>(data, data + w.data.bytes());
    };
    for (const DType dtype : {DType::q8, DType::q4}) {
        const auto expected = bytes(dtype);
        for (const Instructions most :
            {Instructions::avx512, Instructions::avx2, Instructions::sse4, Instructions::scalar})
        {
            const Limited limited(most);
            CAPTURE(instructionSetName());
            CHECK(bytes(dtype) == expected);
        }
    }
}

#if defined(__x86_64__)
TEST_CASE("instruction sets without a fused multiply-add differ by rounding alone")
{
    const bool has_fma = mayUse(Instructions::avx2);
    const auto expected = everything({DType::f32}); // others round to further numbers
    for (const Instructions most : {Instructions::sse4, Instructions::scalar}) {
        const Limited limited(most);
        const auto out = everything({DType::f32});
        REQUIRE(out.size() == expected.size());
        double worst = 0;
        for (size_t i = 0; i + 9 * 21 < out.size(); i++)
            worst = std::max(worst,
                std::abs(double(out[i]) - double(expected[i]))
                    / (1 + std::abs(double(expected[i]))));
        CAPTURE(instructionSetName());
        CHECK(worst < 1e-4);
        if (has_fma) // the other code did run
            CHECK(!sameBits(out.data(), expected.data(), out.size()));
    }
}
#endif
