// SPDX-License-Identifier: Apache-2.0
#include "core/eval/auto_tree.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "core/eval/benchmark.h"
#include "core/eval/kept_costs.h"
#include "tests/core/eval/small_model.h"

namespace gorgon {

namespace {

TreeTuner tuned(int n_heads, std::stop_token stop = {}, int64_t context = 256)
{
    Engine engine(smallModel(n_heads, context));
    Session session = engine.makeSession();
    TreeTuner tuner = makeTreeTuner(engine, session, {}, false, {}, stop);
    practise(engine, session, std::vector<int>{1, 2, 3}, {}, tuner, stop);
    return tuner;
}

} // namespace

TEST_CASE("heads that are never right leave plain decoding")
{
    const TreeTuner tuner = tuned(3);
    CHECK(tuner.best().tree.name == "auto");
    CHECK(tuner.best().tree.choices.empty());
    CHECK(tuner.best().plain_us > 0);
    CHECK(tuner.best().tokens_per_step == 1);
    CHECK(tuner.hits().front().samples > 16);
    CHECK(tuner.hits().front().hits.front() < 0.2 * tuner.hits().front().samples);
}

TEST_CASE("a model without heads decodes plainly")
{
    CHECK(tuned(0).best().tree.choices.empty());
}

TEST_CASE("a stop ends the measurement with plain decoding")
{
    std::stop_source stop;
    stop.request_stop();
    const TreeTuner tuner = tuned(3, stop.get_token());
    CHECK(tuner.curve().empty());
    CHECK(tuner.best().tree.choices.empty());
}

TEST_CASE("a short context is enough")
{
    CHECK(tuned(2, {}, 8).best().plain_us > 0);
}

TEST_CASE("a model's own text is as long as asked and the same every time")
{
    Engine engine(smallModel(0));
    Session session = engine.makeSession();
    const std::vector<int> text = ownText(engine, session, 40);
    CHECK(text.size() == 40);
    CHECK(text.front() == 1);
    CHECK(ownText(engine, session, 40) == text);
    CHECK(ownText(engine, session, 1) == std::vector<int>{1});
}

TEST_CASE("what was measured and counted is kept for the same model and machine alone")
{
    const std::shared_ptr<Model> model = smallModelOfOnesOwn(2);
    model->checkpoint_hash = "0123456789abcdef0123456789abcdef";
    const auto folder = std::filesystem::temp_directory_path()
        / ("gorgon-costs-" + std::to_string(reinterpret_cast<uintptr_t>(model.get())));
    const auto file = costFile(folder, *model);
    REQUIRE(!file.empty());
    CHECK(!readKeptCosts(file, *model));

    const KeptCosts costs{
        {{1, 2, 64}, {10, 11, 14.5}, {1.5, 2.25}}, {{20, {12, 3}}, {12, {6, 0, 1}}}};
    CHECK(!keepCosts(file, *model, {{{1, 2}, {10, 11}, {1, 2}}, costs.hits})); // a short context
    CHECK(!readKeptCosts(file, *model));
    REQUIRE(keepCosts(file, *model, costs));
    const auto again = readKeptCosts(file, *model);
    REQUIRE(again);
    CHECK(again->curve == costs.curve);
    CHECK(again->hits == costs.hits);

    Engine engine(model);
    Session session = engine.makeSession();
    const TreeTuner tuner = makeTreeTuner(engine, session, file);
    CHECK(tuner.curve() == costs.curve); // read, not measured
    CHECK(tuner.hits() == costs.hits);

    SUBCASE("another format of weights has a file of its own")
    {
        model->dtype = DType::q8;
        CHECK(costFile(folder, *model) != file);
        CHECK(!readKeptCosts(file, *model));
    }
    SUBCASE("a damaged file is measured again")
    {
        for (const char* text :
            {"", "{", "[]", R"({"version":1})",
                R"({"version":1,"subject":{},"nodes":[1],"step_us":[-1],"heads_us":[],"hits":[]})"})
        {
            std::ofstream(file, std::ios::trunc) << text;
            CHECK(!readKeptCosts(file, *model));
        }
    }
    std::filesystem::remove_all(folder);
}

} // namespace gorgon
