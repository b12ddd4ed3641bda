// SPDX-License-Identifier: Apache-2.0
#include "core/eval/tree_tuner.h"

#include <doctest/doctest.h>

namespace gorgon {

namespace {

/// A step whose heads proposed `guesses` as rank 0 and tokens from 900 on as the others.
DecodeStep stepOf(int64_t position, std::vector<int> tokens, const std::vector<int>& guesses)
{
    DecodeStep step;
    step.position = position;
    step.tokens = std::move(tokens);
    step.n_ranks = guesses.empty() ? 0 : kReportedRanks;
    for (const int guess : guesses)
        for (int rank = 0; rank < kReportedRanks; rank++)
            step.head_tokens.push_back(rank == 0 ? guess : 900 + rank);
    return step;
}

/// T(n) = 100 us and `more` for each further node; each of two heads 5 us.
CostCurve straightCurve(double more)
{
    return {{1, 2, 64}, {100, 100 + more, 100 + 63 * more}, {5, 10}};
}

/// 200 steps of one token, each head right wherever `right` says so.
template <class Right> void chat(TreeTuner& tuner, const Right& right)
{
    for (int i = 0; i < 200; i++)
        tuner.add(stepOf(i, {i}, {right(i, 0) ? i + 1 : 800, right(i, 1) ? i + 2 : 800}));
    tuner.endAnswer();
}

} // namespace

TEST_CASE("times between those that were measured lie on straight lines")
{
    const CostCurve curve = {{1, 2, 4, 8}, {10, 12, 20, 60}, {3, 5}};
    CHECK(isUsable(curve));
    CHECK(curve.stepUs(1) == 10);
    CHECK(curve.stepUs(3) == 16);
    CHECK(curve.stepUs(4) == 20);
    CHECK(curve.stepUs(7) == 50);
    CHECK(curve.stepUs(8) == 60);
    CHECK(curve.headsUs(0) == 0);
    CHECK(curve.headsUs(2) == 5);
    CHECK(curve.headsUs(4) == 9); // each further one as the last
    CHECK(curve.wholeUs(3, 1) == 19);
}

TEST_CASE("a curve learns from faster steps, and smaller sizes with it")
{
    CostCurve curve = {{1, 2, 4, 8}, {10, 12, 20, 60}, {3, 5}};
    curve.sawStep(4, 21);
    curve.sawStep(4, 0);
    curve.sawStep(9, 1);
    curve.sawHeads(3, 1);
    CHECK(curve == CostCurve{{1, 2, 4, 8}, {10, 12, 20, 60}, {3, 5}});
    curve.sawStep(6, 30);
    curve.sawStep(4, 11);
    curve.sawHeads(2, 2);
    CHECK(curve == CostCurve{{1, 2, 4, 6, 8}, {10, 11, 11, 30, 60}, {2, 2}});
    CHECK(isUsable(curve));
    curve.sawStep(1, 9);
    CHECK(curve.stepUs(1) == 9);
    CHECK(curve.stepUs(2) == 11);
}

TEST_CASE("curves that no machine gives are not usable")
{
    CHECK(!isUsable({}));
    CHECK(!isUsable({{2}, {1}, {}}));
    CHECK(!isUsable({{1, 1}, {1, 1}, {}}));
    CHECK(!isUsable({{1, 2}, {1}, {}}));
    CHECK(!isUsable({{1, 300}, {1, 2}, {}}));
    CHECK(!isUsable({{1}, {0}, {}}));
    CHECK(!isUsable({{1}, {1}, {-1}}));
}

TEST_CASE("a head is judged where those before it were right")
{
    HitCounter counter(2);
    counter.add(stepOf(10, {50}, {51, 52})); // both right, by the steps that follow
    counter.add(stepOf(11, {51, 52}, {800, 53})); // head 0 wrong: head 1 is not asked
    counter.add(stepOf(13, {53}, {901, 800})); // 901 is rank 0 and rank 1: the first counts
    CHECK(counter.heads()[0].samples == 2);
    CHECK(counter.heads()[0].hits[0] == 1);
    CHECK(counter.heads()[1].samples == 1);
    CHECK(counter.heads()[1].hits[0] == 1);
    counter.add(stepOf(14, {901, 700}, {}));
    CHECK(counter.heads()[0].samples == 3);
    CHECK(counter.heads()[0].hits[0] == 2);
    CHECK(counter.heads()[1].samples == 2);
}

TEST_CASE("what an answer's end leaves open is judged as far as it came, and the next begins anew")
{
    HitCounter counter(2);
    counter.add(stepOf(10, {50, 51}, {51, 52}));
    CHECK(counter.heads()[0].samples == 0);
    counter.endAnswer();
    CHECK(counter.heads()[0].samples == 1);
    CHECK(counter.heads()[1].samples == 0);
    counter.add(stepOf(12, {52}, {}));
    counter.endAnswer();
    CHECK(counter.heads()[1].samples == 0);
}

TEST_CASE("old evidence fades")
{
    HitCounter counter(1);
    for (int i = 0; i < 5000; i++)
        counter.add(stepOf(i, {i}, {i + 1}));
    CHECK(counter.heads()[0].samples < 1100);
    CHECK(counter.heads()[0].hits[0] == doctest::Approx(counter.heads()[0].samples));
}

TEST_CASE(
    "the tuner begins with a tree, drops it where drafting does not pay, and takes it up again")
{
    TreeTuner tuner(straightCurve(3), 2);
    GenerateSettings settings;
    tuner.apply(settings);
    CHECK(settings.tree.name == "auto");
    CHECK(!settings.tree.choices.empty());
    CHECK(settings.report_ranks == kReportedRanks);

    chat(tuner, [](int, int) { return false; });
    CHECK(tuner.best().tree.choices.empty());
    CHECK(tuner.best().tokens_per_step == 1);
    CHECK(tuner.best().speedUp() == 1);

    chat(tuner, [](int, int) { return true; });
    chat(tuner, [](int, int) { return true; });
    CHECK(!tuner.best().tree.choices.empty());
    CHECK(tuner.best().tree.choices.front() == Choice{0});
    CHECK(tuner.best().tokens_per_step > 1.5);
    CHECK(tuner.best().speedUp() > 1.3);
}

TEST_CASE("where nodes cost much, fewer are drafted")
{
    TreeTuner cheap(straightCurve(0.5), 2), dear(straightCurve(30), 2);
    const auto often = [](int i, int head) { return (head == 0 ? i : i / 2) % 2 == 0; };
    chat(cheap, often);
    chat(dear, often);
    CHECK(cheap.best().tree.choices.size() >= 2);
    CHECK(dear.best().tree.choices == Choices{{0}});
}

TEST_CASE("while nothing is drafted the heads are asked seldom")
{
    TreeTuner tuner(straightCurve(50), 2);
    chat(tuner, [](int, int) { return false; });
    REQUIRE(tuner.best().tree.choices.empty());
    GenerateSettings settings;
    int n_probes = 0;
    for (int i = 0; i < 100; i++) {
        tuner.apply(settings);
        n_probes += settings.run_all_heads;
        tuner.add(stepOf(i, {i}, settings.run_all_heads ? std::vector{7, 7} : std::vector<int>{}));
    }
    CHECK(n_probes == 10); // 10 us of 100 us each: a hundredth of the time
}

TEST_CASE("a text that heads do not foresee is noticed within some steps, whatever was known")
{
    TreeTuner tuner(straightCurve(40), 2);
    for (int i = 0; i < 5; i++)
        chat(tuner, [](int, int) { return true; });
    REQUIRE(!tuner.best().tree.choices.empty());
    int n_drafted = 0;
    for (; n_drafted < 200 && !tuner.best().tree.choices.empty(); n_drafted++)
        tuner.add(stepOf(n_drafted, {n_drafted}, {800, 800}));
    CHECK(n_drafted <= 24);
    tuner.endAnswer();
    CHECK(tuner.best().tree.choices.empty());

    GenerateSettings settings;
    tuner.apply(settings);
    settings.temperature = 0.5F; // what was seen lately says nothing of it
    tuner.apply(settings);
    CHECK(!settings.tree.choices.empty());
}

TEST_CASE("a tree is made of the heads, ranks and nodes that may be used")
{
    TreeTuner tuner(straightCurve(1), 2);
    GenerateSettings settings;
    tuner.apply(settings);
    REQUIRE(tuner.best().tree.choices.size() > 4);
    settings.n_heads = 1;
    settings.head_top_k = 3;
    tuner.apply(settings);
    CHECK(settings.tree.choices == Choices{{0}, {1}, {2}});
    CHECK(tuner.best().tokens_per_step < 2);
    settings.max_nodes = 2;
    tuner.apply(settings);
    CHECK(settings.tree.choices == Choices{{0}});
    CHECK(tuner.add(stepOf(0, {1}, {1, 2}))); // tells that the tree is another
    CHECK(!tuner.add(stepOf(1, {1}, {1, 2})));
    settings.n_heads = 0;
    tuner.apply(settings);
    CHECK(settings.tree.choices.empty());
}

TEST_CASE("steps that run nothing do not count as plain ones")
{
    TreeTuner tuner({{1, 2, 64}, {100, 170, 2000}, {1, 2}}, 2);
    GenerateSettings settings;
    int n_compared = 0;
    for (int i = 0; i < 200; i++) {
        tuner.apply(settings);
        const bool ends = i % 10 == 9; // an answer ends, and with it a step of one node
        DecodeStep step = stepOf(i, {i}, {i + 1, 800});
        step.nodes.resize(ends ? 1 : settings.tree.choices.size() + 1);
        step.times.verify_us = ends ? 0 : settings.tree.choices.empty() ? 100 : 170;
        n_compared += settings.tree.choices.empty() && !ends ? 1 : 0;
        tuner.add(step);
    }
    CHECK(!tuner.best().tree.choices.empty());
    CHECK(n_compared > 3);
}

TEST_CASE("costs measured on a busy machine come right while text is made")
{
    // Plain steps seemed to cost as much as those of two nodes; they cost half of that.
    TreeTuner tuner({{1, 2, 64}, {100, 100, 1000}, {1, 2}}, 2);
    GenerateSettings settings;
    int n_plain = 0;
    for (int i = 0; i < 200; i++) {
        tuner.apply(settings);
        DecodeStep step = stepOf(i, {i}, {i % 5 == 0 ? i + 1 : 800, 800});
        step.nodes.resize(settings.tree.choices.size() + 1);
        step.times.verify_us = settings.tree.choices.empty() ? 50 : 100;
        n_plain += settings.tree.choices.empty() ? 1 : 0;
        tuner.add(step);
    }
    CHECK(tuner.curve().stepUs(1) == 50);
    CHECK(tuner.best().tree.choices.empty());
    CHECK(n_plain > 150);
}

TEST_CASE("without times or heads there is no tree")
{
    TreeTuner none;
    GenerateSettings settings;
    none.apply(settings);
    CHECK(settings.tree.choices.empty());
    CHECK(settings.report_ranks == 0);
    CHECK(!none.add(stepOf(0, {1}, {})));
    CHECK(TreeTuner(straightCurve(1), 0).best().tree.choices.empty());
}

} // namespace gorgon
