// SPDX-License-Identifier: Apache-2.0
#include "core/eval/perplexity.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/support/fixtures.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

const std::filesystem::path kModel = dataFolder() / "models" / "llama_mha";

std::vector<int> someTokens(int n)
{
    std::vector<int> tokens;
    for (int i = 0; i < n; i++)
        tokens.push_back(3 + (i * i * 7 + i * 13) % 300);
    return tokens;
}

/// Mean negative ln p of the tokens behind `n_given` in one window, from stored logits.
double plainNll(const std::shared_ptr<const Model>& model, std::span<const int> window)
{
    Engine engine(model);
    Session session = engine.makeSession();
    std::vector<float> logits;
    engine.logits(session, window, {}, {}, logits, nullptr);
    const size_t vocab = size_t(model->vocabMatrix().n_out);
    double nll = 0;
    for (size_t i = 0; i + 1 < window.size(); i++) {
        double sum = 0;
        for (size_t j = 0; j < vocab; j++)
            sum += std::exp(double(logits[i * vocab + j]));
        nll += std::log(sum) - double(logits[i * vocab + size_t(window[i + 1])]);
    }
    return nll / double(window.size() - 1);
}

} // namespace

TEST_CASE("perplexity of one window is that of its logits")
{
    const auto model = loadFixture(kModel, {}, 2);
    std::vector<int> tokens = someTokens(200);
    const PerplexityReport without = measurePerplexity(model, nullptr, tokens, std::nullopt);
    CHECK(without.n_tokens == 199);
    CHECK(without.n_windows == 1);
    CHECK(without.nll == doctest::Approx(plainNll(model, tokens)).epsilon(1e-9));
    CHECK(without.perplexity == doctest::Approx(std::exp(without.nll)));
    CHECK(!without.against);

    const PerplexityReport with = measurePerplexity(model, nullptr, tokens, 1);
    CHECK(with.n_tokens == 200);
    tokens.insert(tokens.begin(), 1);
    CHECK(with.nll == doctest::Approx(plainNll(model, tokens)).epsilon(1e-9));
}

TEST_CASE("a text longer than the context is cut into windows, each behind the begin token")
{
    const auto model = loadFixture(kModel, {}, 1, std::nullopt, 16);
    const std::vector<int> tokens = someTokens(40);
    double sum = 0;
    for (const auto& [first, n] : {std::pair{0, 15}, {15, 15}, {30, 10}}) {
        std::vector<int> window{1};
        window.insert(window.end(), tokens.begin() + first, tokens.begin() + first + n);
        sum += plainNll(model, window) * n;
    }
    int64_t last = 0;
    const PerplexityReport report
        = measurePerplexity(model, nullptr, tokens, 1, [&](int64_t done, int64_t total) {
              CHECK(done >= last);
              CHECK(total == 40);
              last = done;
          });
    CHECK(last == 40);
    CHECK(report.n_windows == 3);
    CHECK(report.n_tokens == 40);
    CHECK(report.nll == doctest::Approx(sum / 40).epsilon(1e-9));
    CHECK(measurePerplexity(model, nullptr, tokens, std::nullopt).n_tokens == 37);
}

TEST_CASE("windows of more rows than one pass takes are read in order")
{
    const auto model = loadFixture(dataFolder() / "models" / "llama3_gqa_tied", {}, 2);
    REQUIRE(model->context >= 300);
    const std::vector<int> tokens = someTokens(300);
    CHECK(measurePerplexity(model, nullptr, tokens, std::nullopt).nll
        == doctest::Approx(plainNll(model, tokens)).epsilon(1e-9));
}

TEST_CASE("two formats of one model are compared")
{
    const auto base = loadFixture(kModel);
    const std::vector<int> tokens = someTokens(150);
    const PerplexityReport same = measurePerplexity(base, base, tokens, 1);
    REQUIRE(same.against);
    CHECK(same.against->nll == same.nll);
    CHECK(same.against->relative_difference == 0);
    CHECK(same.against->max_kl < 1e-12);
    CHECK(same.against->same_top == 1);
    double last_kl = 1e-9;
    for (const DType dtype : {DType::q8, DType::q4}) {
        const auto model = loadFixture(kModel, {}, 1, dtype);
        const PerplexityReport report = measurePerplexity(model, base, tokens, 1);
        REQUIRE(report.against);
        CHECK(report.against->nll == same.nll);
        CHECK(report.against->relative_difference
            == doctest::Approx(report.perplexity / same.perplexity - 1));
        CHECK(report.against->mean_kl > last_kl);
        CHECK(report.against->max_kl > report.against->mean_kl);
        last_kl = 3 * report.against->mean_kl;
    }
}

TEST_CASE("what cannot be measured is refused")
{
    const auto model = loadFixture(kModel);
    const std::vector<int> one{5};
    CHECK(measurePerplexity(model, nullptr, one, 1).n_tokens == 1);
    CHECK_THROWS_AS(measurePerplexity(model, nullptr, one, std::nullopt), std::runtime_error);
    CHECK_THROWS_AS(measurePerplexity(model, nullptr, {}, 1), std::runtime_error);
    const std::vector<int> outside{5, 320};
    CHECK_THROWS_WITH_AS(measurePerplexity(model, nullptr, outside, 1), doctest::Contains("320"),
        std::runtime_error);
    const auto other = loadFixture(dataFolder() / "models" / "llama3_gqa_tied");
    CHECK_THROWS_WITH_AS(measurePerplexity(model, other, someTokens(5), 1),
        doctest::Contains("vocabulary"), std::runtime_error);
    const auto broken = loadFixture(kModel);
    const_cast<Model&>(*broken).final_norm.as<float>()[3] = std::nanf("");
    CHECK_THROWS_WITH_AS(measurePerplexity(broken, nullptr, someTokens(5), 1),
        doctest::Contains("invalid"), std::runtime_error);
}

TEST_CASE("perplexity of a trained model equals the reference's")
{
    if (!sharedHas("fixtures/stories260K"))
        return;
    const auto folder = sharedFolder() / "fixtures/stories260K";
    const auto expected = openTensorFile(folder / "expected.safetensors");
    const auto ids = readTensor<int64_t>(*expected, "ppl.input_ids");
    const auto nll = readTensor<float>(*expected, "ppl.nll");
    REQUIRE(ids.size() == nll.size() + 1);
    double sum = 0;
    for (const float value : nll)
        sum += double(value);
    const std::vector<int> tokens(ids.begin() + 1, ids.end());
    const auto base = loadFixture(folder, {}, 2);
    const PerplexityReport report = measurePerplexity(base, nullptr, tokens, int(ids[0]));
    CHECK(report.nll == doctest::Approx(sum / double(nll.size())).epsilon(1e-5));
    // 64 wide: rows of q4 are padded to 256.
    for (const auto& [weights, limit] : {std::pair{DType::q8, 0.005}, {DType::q4, 0.15}}) {
        const auto model = loadFixture(folder, {}, 2, weights);
        const PerplexityReport other = measurePerplexity(model, base, tokens, int(ids[0]));
        MESSAGE("stories260K in " << std::string(dtypeName(weights)) << ": perplexity "
                                  << other.perplexity << ", f32 " << report.perplexity);
        CHECK(std::abs(other.against->relative_difference) < limit);
    }
}
