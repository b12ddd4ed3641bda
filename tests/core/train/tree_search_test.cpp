// SPDX-License-Identifier: Apache-2.0
#include "core/train/tree_search.h"

#include <doctest/doctest.h>

#include <fstream>
#include <limits>

#include <nlohmann/json.hpp>

#include "tests/support/paths.h"

using namespace gorgon;

TEST_CASE("searched trees equal those of the published search, node by node")
{
    std::ifstream file(tests::dataFolder() / "medusa" / "tree_optimizer.json");
    int n_cases = 0;
    for (const auto& entry : nlohmann::json::parse(file)) {
        const auto expected = entry["nodes_in_order"].get<Choices>();
        const auto accuracies = entry["accuracies"].get<AccuracyRows>();
        const int max_depth = entry.value("max_depth", 5);
        const int max_rank = entry["max_child"][0].get<int>(); // the same at every depth
        CHECK(searchTree(accuracies, int(expected.size()), max_depth, max_rank).choices == expected);
        n_cases++;
    }
    CHECK(n_cases > 0);
}

TEST_CASE("a node is worth the product of the accuracies along its path")
{
    const auto tree = searchTree({{0.5F, 0.2F}, {0.5F}}, 3, 5, 10);
    CHECK(tree.choices == Choices {{0}, {0, 0}, {1}});
    CHECK(tree.tokens_per_step.back() == doctest::Approx(1 + 0.5 + 0.25 + 0.2));
    CHECK(searchTree({{0.5F, 0.2F}, {0.5F}}, 99, 5, 10).choices.size() == 4);
    CHECK(searchTree({{0.5F, 0.2F}, {0.5F}}, 99, 1, 1).choices == Choices {{0}});
    CHECK(searchTree({}, 9, 5, 10).choices.empty());
}

TEST_CASE("costs decide how many nodes pay")
{
    const auto tree = searchTree({{0.8F, 0.1F}, {0.7F}}, 4, 5, 10);
    CHECK(bestChoiceCount(tree, std::vector<double> {1, 1, 1, 1, 1}) == 4);
    CHECK(bestChoiceCount(tree, std::vector<double> {1, 1.1, 1.2, 1.9, 3}) == 2);
    CHECK(bestChoiceCount(tree, std::vector<double> {1, 2, 3, 4, 5}) == 0);
    CHECK(bestChoiceCount(tree, std::vector<double> {1}) == 0);
}

TEST_CASE("numbers that are no shares are refused")
{
    CHECK_THROWS_AS(searchTree({{1.5F}}, 4, 5, 10), std::invalid_argument);
    CHECK_THROWS_AS(
        searchTree({{std::numeric_limits<float>::quiet_NaN()}}, 4, 5, 10), std::invalid_argument);
    CHECK_THROWS_AS(searchTree({{0.5F}}, 256, 5, 10), std::invalid_argument);
    CHECK_THROWS_AS(searchTree({{0.5F}}, 4, 0, 10), std::invalid_argument);
}
