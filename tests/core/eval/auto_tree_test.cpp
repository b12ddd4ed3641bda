// SPDX-License-Identifier: Apache-2.0
#include "core/eval/auto_tree.h"

#include <doctest/doctest.h>

#include "core/eval/benchmark.h"

namespace gorgon {

namespace {

ModelConfig smallShape()
{
    ModelConfig config;
    config.architecture = "llama";
    config.dim = 64;
    config.ff_dim = 128;
    config.n_layers = 2;
    config.n_heads = config.n_kv_heads = 2;
    config.head_dim = 32;
    config.vocab_size = 300;
    config.max_context = 256;
    config.bos_token = 1;
    return config;
}

AutoTree find(int n_heads, std::stop_token stop = {}, int64_t context = 256)
{
    Engine engine(
        makeRandomModel(makeCpuBackend({1}), smallShape(), DType::f32, context, n_heads, false, 7));
    Session session = engine.makeSession();
    return findAutoTree(engine, session, std::vector<int>{1, 2, 3}, {}, stop);
}

} // namespace

TEST_CASE("heads that are never right leave plain decoding")
{
    const AutoTree found = find(3);
    CHECK(found.tree.name == "auto");
    CHECK(found.tree.choices.empty());
    CHECK(found.plain_us > 0);
    CHECK(found.tokens_per_step == 1);
}

TEST_CASE("a model without heads decodes plainly")
{
    CHECK(find(0).tree.choices.empty());
}

TEST_CASE("a stop ends the search with plain decoding")
{
    std::stop_source stop;
    stop.request_stop();
    CHECK(find(3, stop.get_token()).tree.choices.empty());
}

TEST_CASE("a short context is enough")
{
    CHECK(find(2, {}, 8).plain_us > 0);
}

TEST_CASE("a model's own text is as long as asked and the same every time")
{
    Engine engine(makeRandomModel(makeCpuBackend({1}), smallShape(), DType::f32, 256, 0, false, 7));
    Session session = engine.makeSession();
    const std::vector<int> text = ownText(engine, session, 40);
    CHECK(text.size() == 40);
    CHECK(text.front() == 1);
    CHECK(ownText(engine, session, 40) == text);
    CHECK(ownText(engine, session, 1) == std::vector<int>{1});
}

} // namespace gorgon
