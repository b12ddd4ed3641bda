// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/decode/engine.h"
#include "core/decode/tree_choices.h"
#include "kernels/backend.h"

using namespace gorgon;
namespace fs = std::filesystem;

namespace {

const fs::path kDemo = fs::path(GORGON_SOURCE_DIR) / "resources" / "demo_model";

GenerateResult answer(const std::shared_ptr<const Model>& model)
{
    Engine engine(model);
    Session session = engine.makeSession();
    GenerateSettings settings;
    settings.acceptance = AcceptanceMode::greedy;
    settings.max_tokens = 48;
    if (!model->heads.empty())
        settings.tree = defaultTree(*model);
    const std::vector<int> prompt{1, 9038, 2501, 263, 931};
    std::vector<int> fitting;
    for (const int token : prompt)
        fitting.push_back(token % int(model->config.vocab_size));
    return engine.generate(session, fitting, settings);
}

} // namespace

TEST_CASE("heads are swapped under a model whose weights stay where they are")
{
    LoadOptions options;
    options.model = kDemo;
    const std::shared_ptr<const Model> model = loadModel(makeCpuBackend({.n_threads = 1}), options);
    REQUIRE(!model->heads.empty());
    const size_t n_heads = model->heads.size();
    const void* const weights = model->layers.front().qkv.data.as<>();
    const GenerateResult with_heads = answer(model);

    LoadOptions without = options;
    without.no_heads = true;
    swapHeads(model, without);
    CHECK(model->heads.empty());
    CHECK(model->head_bytes == 0);
    CHECK(model->heads_path.empty());
    const GenerateResult plain = answer(model);
    CHECK(plain.tokens == with_heads.tokens);
    CHECK(plain.stats.steps > with_heads.stats.steps);

    LoadOptions missing = options;
    missing.heads = kDemo / "no_such_heads.pt";
    CHECK_THROWS_AS(swapHeads(model, missing), std::runtime_error);
    CHECK(model->heads.empty());

    LoadOptions other = options;
    other.heads = kDemo / "medusa_lm_head.safetensors";
    swapHeads(model, other);
    CHECK(model->heads.size() == n_heads);
    CHECK(model->layers.front().qkv.data.as<>() == weights);
    const GenerateResult again = answer(model);
    CHECK(again.tokens == with_heads.tokens);
    CHECK(again.stats.steps == with_heads.stats.steps);
}

TEST_CASE("a swap that is stopped leaves the heads that were there")
{
    LoadOptions options;
    options.model = kDemo;
    const std::shared_ptr<const Model> model = loadModel(makeCpuBackend({.n_threads = 1}), options);
    const size_t n_heads = model->heads.size();
    std::stop_source stop;
    stop.request_stop();
    CHECK_THROWS_AS(swapHeads(model, options, {}, stop.get_token()), LoadCancelled);
    CHECK(model->heads.size() == n_heads);
    CHECK(!answer(model).tokens.empty());
}
