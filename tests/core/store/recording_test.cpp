// SPDX-License-Identifier: Apache-2.0
#include "core/store/recording.h"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "tests/core/store/temporary_folder.h"

using namespace gorgon;
using gorgon::tests::TemporaryFolder;

namespace {

DecodeStep someStep()
{
    DecodeStep step;
    step.index = 3;
    step.position = 5'000'000'000;
    step.acceptance = AcceptanceMode::typical;
    step.temperature = 0.7F;
    step.accept_length = 1;
    step.next_root = 12;
    step.n_bad_heads = 1;
    step.tokens = {7, 9};
    step.path = {0, 2};
    step.nodes.resize(3);
    step.nodes[0].token = 7;
    step.nodes[0].verdict = Verdict::accepted;
    step.nodes[1] = {.token = -1,
        .parent = 0,
        .depth = 1,
        .rank = 0,
        .origin = DraftOrigin::medusa_head,
        .draft_prob = 0.25F,
        .posterior_prob = 1e-9F,
        .threshold = 0.09F,
        .entropy = 2.5F,
        .choice = 4,
        .choice_prob = 0.5F,
        .verdict = Verdict::rejected};
    step.nodes[2] = step.nodes[1];
    step.nodes[2].token = 9;
    step.nodes[2].rank = 1;
    step.nodes[2].verdict = Verdict::accepted;
    step.times = {1.5, 2.5, 3.5, 8};
    return step;
}

std::string replaced(std::string text, const std::string& what, const std::string& with)
{
    const size_t at = text.find(what);
    REQUIRE_MESSAGE(at != std::string::npos, what);
    return text.replace(at, what.size(), with);
}

} // namespace

TEST_CASE("a recorded step reads back with every field")
{
    const DecodeStep step = someStep();
    const std::string line = recordLine(step);
    CHECK(line.find('\n') == std::string::npos);
    const DecodeStep read = readRecordLine(line, "line");
    CHECK(recordLine(read) == line);
    CHECK(read.position == step.position);
    CHECK(read.acceptance == step.acceptance);
    CHECK(read.tokens == step.tokens);
    CHECK(read.path == step.path);
    REQUIRE(read.nodes.size() == 3);
    CHECK(read.nodes[1].posterior_prob == step.nodes[1].posterior_prob);
    CHECK(read.nodes[2].verdict == Verdict::accepted);
    CHECK(read.nodes[2].origin == DraftOrigin::medusa_head);
    CHECK(read.times.total_us == 8);
}

TEST_CASE("numbers that JSON cannot write come back as no number")
{
    DecodeStep step = someStep();
    step.nodes[1].entropy = std::numeric_limits<float>::infinity();
    CHECK(std::isnan(readRecordLine(recordLine(step), "line").nodes[1].entropy));
}

TEST_CASE("unsound lines are refused in one sentence")
{
    const std::string line = recordLine(someStep());
    for (const std::string& bad : {std::string(), std::string("hello"), std::string("{}"),
             std::string("[1]"), std::string(100'000, '['), line.substr(0, line.size() / 2),
             replaced(line, "\"parent\":0", "\"parent\":2"),
             replaced(line, "\"parent\":0", "\"parent\":-1"),
             replaced(line, "\"depth\":1", "\"depth\":2"),
             replaced(line, "\"rank\":0", "\"rank\":64"),
             replaced(line, "\"path\":[0,2]", "\"path\":[0,3]"),
             replaced(line, "\"path\":[0,2]", "\"path\":[0]"),
             replaced(line, "\"tokens\":[7,9]", "\"tokens\":[7]"),
             replaced(line, "\"rejected\"", "\"perhaps\""),
             replaced(line, "\"typical\"", "\"kind\""),
             replaced(line, "\"accept_length\":1", "\"accept_length\":33"),
             replaced(line, "5000000000", "18446744073709551615"),
             replaced(line, "\"index\":3", "\"index\":3.5"),
             replaced(line, "\"total_us\":8.0", "\"total_us\":\"8\"")})
    {
        std::string problem;
        try {
            readRecordLine(bad, "line 7");
        } catch (const std::runtime_error& error) {
            problem = error.what();
        }
        CHECK_MESSAGE(
            problem.starts_with("line 7: expected a recorded decode step"), bad.substr(0, 80));
    }
}

TEST_CASE("a recording is read whole, and an error names its line")
{
    TemporaryFolder folder;
    const auto file = folder.path() / "trace";
    const std::string line = recordLine(someStep());
    gorgon::tests::writeFile(file, line + "\n" + line + "\n");
    CHECK(readRecording(file).size() == 2);
    gorgon::tests::writeFile(file, line + "\nbroken\n");
    CHECK_THROWS_WITH_AS(readRecording(file), doctest::Contains("line 2"), std::runtime_error);
    CHECK_THROWS_AS(readRecording(folder.path() / "absent"), std::runtime_error);
    CHECK_THROWS_AS(readRecording(folder.path()), std::runtime_error);
}
