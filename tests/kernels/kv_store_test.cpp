// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "tests/kernels/attention_fixture.h"

using namespace gorgon;
using namespace gorgon::tests;

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
