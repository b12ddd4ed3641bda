// SPDX-License-Identifier: Apache-2.0
#include "core/decode/candidate_tree.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sys/stat.h>
#include <thread>

#include <nlohmann/json.hpp>

#include "core/decode/tree_choices.h"
#include "tests/support/paths.h"

using namespace gorgon;

TEST_CASE("buffers of every published tree equal the reference's")
{
    std::ifstream file(tests::dataFolder() / "medusa" / "tree_buffers.json");
    const auto json = nlohmann::json::parse(file);
    int n_trees = 0;
    for (const auto& [name, expected] : json["trees"].items()) {
        CAPTURE(name);
        const CandidateTree tree = makeCandidateTree(expected["choices"].get<Choices>());
        const ReferenceTreeBuffers buffers = referenceTreeBuffers(tree);
        CHECK(tree.nodeCount() == expected["num_nodes"].get<int>());
        CHECK(buffers.attn_mask == expected["attn_mask"].get<std::vector<std::string>>());
        CHECK(buffers.tree_indices == expected["tree_indices"].get<std::vector<int>>());
        CHECK(buffers.position_ids == expected["medusa_position_ids"].get<std::vector<int>>());
        CHECK(buffers.retrieve_indices
            == expected["retrieve_indices"].get<std::vector<std::vector<int>>>());
        n_trees++;
    }
    CHECK(n_trees >= 9);
}

TEST_CASE("the nine published trees are built in")
{
    CHECK(treeNames().size() == 9);
    for (const std::string& name : treeNames())
        CHECK(makeCandidateTree(namedTree(name).choices).nodeCount() == 64);
    CHECK_THROWS_WITH_AS(namedTree("nonesuch"), doctest::Contains("expected one of mc_sim_7b_63"),
        std::invalid_argument);
}

TEST_CASE("a small tree has the indices of the published example")
{
    const auto buffers = referenceTreeBuffers(
        makeCandidateTree({{0}, {0, 0}, {0, 1}, {0, 2}, {1}, {1, 0}, {1, 1}, {1, 2}}));
    CHECK(buffers.tree_indices == std::vector{0, 1, 2, 11, 12, 13, 11, 12, 13});
    CHECK(buffers.position_ids == std::vector{0, 1, 1, 2, 2, 2, 2, 2, 2});
    CHECK(buffers.retrieve_indices
        == std::vector<std::vector<int>>{
            {0, 2, 8}, {0, 2, 7}, {0, 2, 6}, {0, 1, 5}, {0, 1, 4}, {0, 1, 3}});
}

TEST_CASE("trees that cannot be built are refused in a sentence")
{
    const auto refused = [](const Choices& choices, const char* why) {
        CHECK_THROWS_WITH_AS(
            makeCandidateTree(choices), doctest::Contains(why), std::invalid_argument);
    };
    refused({{}}, "no ranks");
    refused({{0, 0}}, "no parent [0]");
    refused({{0}, {0}}, "twice");
    refused({{-1}}, "uses rank -1");
    refused({{kMaxTopK}}, "uses rank 64");
    refused({Choice(kMaxDepth + 1, 0)}, "levels deep");
    Choices many;
    for (int i = 0; i < 64; i++) {
        many.push_back({i});
        for (int j = 0; j < 3; j++)
            many.push_back({i, j});
    }
    refused(many, "at most 255");
    many.pop_back();
    CHECK(makeCandidateTree(many).nodeCount() == kMaxNodes);
}

TEST_CASE("a tree is cut to the heads, ranks and nodes there are, parents first")
{
    const Choices choices{{1, 0}, {0}, {0, 0}, {1}, {0, 0, 0}, {2}, {9}};
    CHECK(
        fitChoices(choices, 3, 10, 256) == Choices{{1}, {1, 0}, {0}, {0, 0}, {0, 0, 0}, {2}, {9}});
    CHECK(fitChoices(choices, 2, 3, 256) == Choices{{1}, {1, 0}, {0}, {0, 0}, {2}});
    CHECK(fitChoices(choices, 1, 1, 256) == Choices{{0}});
    CHECK(fitChoices(choices, 3, 10, 3) == Choices{{1}, {1, 0}});
    CHECK(fitChoices(choices, 0, 10, 256).empty());
    CHECK(fitChoices({{3, 1}}, 4, 10, 256).empty());
    for (const std::string& name : treeNames())
        for (const int budget : {1, 2, 5, 17, 40, 64}) {
            const auto fitted = fitChoices(namedTree(name).choices, 3, 10, budget);
            CHECK(makeCandidateTree(fitted).nodeCount() <= budget);
        }
}

TEST_CASE("a tree that the heads cannot fill is told apart")
{
    CHECK(unfillable({{0}, {0, 0}}, 2, 10).empty());
    CHECK(unfillable({{0}, {0, 0}}, 1, 10) == "path [0, 0] needs 2 heads, there are 1");
    CHECK(unfillable({{0}, {12}}, 1, 10) == "path [12] uses rank 12, each head gives ranks 0 to 9");
    CHECK(unfillable({}, 0, 1).empty());
}

TEST_CASE("near the end of the context a tree loses depth, not breadth")
{
    const CandidateTree tree = makeCandidateTree(namedTree("vicuna_7b_stage2").choices);
    CHECK(cutToDepth(tree, 2).nodeCount() == 1 + 10 + 23);
    CHECK(cutToDepth(tree, 0).nodeCount() == 1);
    CHECK(cutToDepth(tree, 9).nodeCount() == 64);
    CHECK(cutToDepth(tree, 2).depth() == 2);
}

TEST_CASE("a chain takes rank 0 of each head")
{
    CHECK(chainChoices(3) == Choices{{0}, {0, 0}, {0, 0, 0}});
    CHECK(chainChoices(0).empty());
}

TEST_CASE("tree files are read within limits")
{
    const auto folder = std::filesystem::temp_directory_path() / "gorgon_tree_test";
    std::filesystem::create_directories(folder);
    const auto read = [&](const std::string& text) {
        std::ofstream(folder / "tree.json") << text;
        return readTreeFile(folder / "tree.json").choices;
    };
    CHECK(read("[[0],[0,0],[1]]") == Choices{{0}, {0, 0}, {1}});
    CHECK(read("[]").empty());
    for (const std::string& text : {std::string(R"({"a":1})"), std::string("[0]"),
             std::string("[[0],[1.5]]"), std::string("[[[0]]]"), std::string("[[0]"),
             std::string("[[-1]]"), std::string("[[99999999999999999999]]"), std::string("[[0,0]]"),
             std::string(200000, '['), std::string(2 << 20, ' ')})
        CHECK_THROWS_AS(read(text), std::runtime_error);
    CHECK_THROWS_WITH(readTreeFile(folder), doctest::Contains("found a folder"));
    CHECK(mkfifo((folder / "pipe").c_str(), 0600) == 0);
    std::thread writer([&] { std::ofstream(folder / "pipe") << "[[0], [1]]"; });
    const TreeSpec piped = readTreeFile(folder / "pipe");
    writer.join();
    CHECK(piped.choices == Choices{{0}, {1}});
    CHECK_THROWS_AS(readTreeFile(folder / "absent.json"), std::runtime_error);
    std::filesystem::remove_all(folder);
}
