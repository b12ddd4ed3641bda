// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/kernels/test_data.h"
#include "tests/support/paths.h"

using namespace gorgon;
using namespace gorgon::tests;
using nlohmann::json;

namespace {

/// The f32 tensors of a safetensors file of ours.
class Tensors
{
public:
    explicit Tensors(const std::string& name)
    {
        std::ifstream file(dataFolder() / "medusa" / name, std::ios::binary);
        REQUIRE(file);
        m_bytes.assign(std::istreambuf_iterator<char>(file), {});
        uint64_t header_bytes = 0;
        std::memcpy(&header_bytes, m_bytes.data(), 8);
        m_header = json::parse(m_bytes.begin() + 8, m_bytes.begin() + 8 + long(header_bytes));
        m_data = 8 + header_bytes;
    }
    std::vector<float> get(const std::string& name) const
    {
        const json& offsets = m_header.at(name).at("data_offsets");
        const size_t begin = offsets[0], end = offsets[1];
        std::vector<float> values((end - begin) / 4);
        std::memcpy(values.data(), m_bytes.data() + m_data + begin, end - begin);
        return values;
    }

private:
    std::vector<char> m_bytes;
    json m_header;
    size_t m_data = 0;
};

/// Choices (paths of ranks) in the order of the reference: by length, then by path.
TreeTables treeOfChoices(std::vector<std::vector<int>> choices)
{
    std::sort(choices.begin(), choices.end(), [](const auto& a, const auto& b) {
        return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
    std::vector<int> parents{-1};
    for (const auto& choice : choices) {
        const std::vector<int> above(choice.begin(), choice.end() - 1);
        const auto found = std::find(choices.begin(), choices.end(), above);
        parents.push_back(above.empty() ? 0 : int(found - choices.begin()) + 1);
    }
    TreeTables tree = makeTree(parents);
    for (size_t i = 0; i < choices.size(); i++)
        tree.rank[i + 1] = choices[i].back();
    return tree;
}

/// A matrix that returns its input: logits are given as rows.
Matrix identity(Backend& backend, int n)
{
    std::vector<float> weights(size_t(n * n));
    for (int i = 0; i < n; i++)
        weights[size_t(i * n + i)] = 1;
    return makeMatrix(backend, DType::f32, n, n, weights);
}

/// Projects given logits (n_nodes, vocab) and accepts.
void judge(Backend& backend, const TreeTables& tree, std::vector<float> logits, int vocab,
    StepState& state)
{
    const Matrix same = identity(backend, vocab);
    backend.project(same, view(logits, vocab), &tree, &state, {});
    backend.accept(&tree, &state);
}

std::vector<int> pathOf(const StepRecord& record)
{
    return {record.path, record.path + record.accept_length + 1};
}

} // namespace

TEST_CASE("acceptance equals the reference's on every recorded case")
{
    std::ifstream file(dataFolder() / "medusa" / "posterior.json");
    const json cases = json::parse(file);
    const Tensors tensors("posterior.safetensors");
    auto backend = cpu(2);
    for (const json& expected : cases) {
        const int i = expected.at("case"), vocab = expected.at("vocab");
        const TreeTables tree = treeOfChoices(expected.at("choices"));
        StepState state;
        state.kv_len = 5;
        state.settings.temperature = expected.at("temperature");
        state.settings.acceptance
            = expected.at("mode") == "greedy" ? AcceptanceMode::greedy : AcceptanceMode::typical;
        state.settings.posterior_threshold = expected.at("posterior_threshold");
        state.settings.posterior_alpha = expected.at("posterior_alpha");
        state.settings.typical_root_argmax = 1;
        // The heads' logits, whose top-k propose puts onto the tree.
        auto heads = tensors.get("c" + std::to_string(i) + ".medusa_logits");
        const auto base = tensors.get("c" + std::to_string(i) + ".base_logits");
        state.root = int32_t(std::max_element(base.begin(), base.end()) - base.begin());
        const Matrix same = identity(*backend, vocab);
        backend->topK(same, view(heads, vocab), 0, 10, &state);
        backend->propose(&tree, int(heads.size()) / vocab, &state);
        CAPTURE(i);
        CHECK(std::vector<int>(state.tokens, state.tokens + tree.n_nodes)
            == expected.at("tree_candidates").get<std::vector<int>>());
        judge(*backend, tree, tensors.get("c" + std::to_string(i) + ".node_logits"), vocab, state);
        StepRecord record;
        backend->readRecord(&state, record);
        CHECK(record.accept_length == expected.at("accept_length").get<int>());
        CHECK(pathOf(record) == expected.at("accepted_node_indices").get<std::vector<int>>());
        std::vector<int> tokens;
        for (const int node : pathOf(record))
            tokens.push_back(record.token[node]);
        CHECK(tokens == expected.at("accepted_tokens").get<std::vector<int>>());
        CHECK(record.kv_len == 5 + record.accept_length + 1);
        CHECK(record.next_root == state.argmax[record.path[record.accept_length]]);
        CHECK(state.root == record.next_root);
    }
}

TEST_CASE("a short path never grows a token 0 from padding")
{
    std::ifstream file(dataFolder() / "medusa" / "padding_quirk.json");
    const json cases = json::parse(file);
    const Tensors tensors("padding_quirk.safetensors");
    auto backend = cpu(1);
    for (const json& expected : cases) {
        const int i = expected.at("case");
        const TreeTables tree = treeOfChoices(expected.at("choices"));
        const auto logits = tensors.get("q" + std::to_string(i) + ".node_logits");
        StepState state;
        const auto tokens = expected.at("tree_candidates").get<std::vector<int>>();
        std::copy(tokens.begin(), tokens.end(), state.tokens);
        judge(*backend, tree, logits, int(logits.size()) / tree.n_nodes, state);
        CHECK(state.record.accept_length == expected.at("correct_accept_length").get<int>());
        std::vector<int> accepted;
        for (const int node : pathOf(state.record))
            accepted.push_back(state.record.token[node]);
        CHECK(accepted == expected.at("correct_tokens").get<std::vector<int>>());
        CHECK(state.record.next_root == expected.at("next_greedy_token").get<int>());
    }
}

TEST_CASE(
    "greedy verdicts: accepted, rejected, not reached; a node without a token is never admitted")
{
    auto backend = cpu(1);
    // 0 - 1 - 3, 0 - 2 - 4, 1 - 5
    const TreeTables tree = makeTree({-1, 0, 0, 1, 2, 1});
    StepState state;
    state.kv_len = 100;
    const int tokens[] = {7, 1, 2, -1, 0, 3};
    std::copy(std::begin(tokens), std::end(tokens), state.tokens);
    std::vector<float> logits(6 * 8, 0.0F);
    logits[0 * 8 + 1] = 5; // the root wants 1
    logits[1 * 8 + 3] = 5; // node 1 wants 3
    logits[2 * 8 + 0] = 5;
    logits[5 * 8 + 6] = 5; // node 5 wants 6
    judge(*backend, tree, logits, 8, state);
    const StepRecord& record = state.record;
    CHECK(pathOf(record) == std::vector<int>{0, 1, 5});
    CHECK(record.next_root == 6);
    CHECK(record.kv_len == 103);
    CHECK(record.bad_logits == 0);
    const Verdict expected[] = {Verdict::accepted, Verdict::accepted, Verdict::rejected,
        Verdict::rejected, Verdict::not_reached, Verdict::accepted};
    for (int node = 0; node < 6; node++)
        CHECK(record.verdict[node] == expected[node]);
    const double z = std::exp(5.0) + 7;
    CHECK(record.posterior_prob[0] == 1);
    CHECK(record.posterior_prob[1] == doctest::Approx(std::exp(5.0) / z));
    CHECK(record.posterior_prob[2] == doctest::Approx(1 / z));
    CHECK(record.posterior_prob[3] == 0);
    CHECK(record.choice[0] == 1);
    CHECK(record.choice_prob[0] == doctest::Approx(std::exp(5.0) / z));
    const double p = std::exp(5.0) / z;
    CHECK(record.entropy[0] == doctest::Approx(-p * std::log(p) - 7 / z * std::log(1 / z)));
}

TEST_CASE("typical verdicts: the longer path wins, the other admitted one has passed")
{
    auto backend = cpu(1);
    // 0 - {1, 2}; 1 - 3 - 5; 2 - 4
    const TreeTables tree = makeTree({-1, 0, 0, 1, 2, 3});
    StepState state;
    state.settings.temperature = 1;
    state.settings.acceptance = AcceptanceMode::typical;
    state.settings.posterior_threshold = 0.05F;
    state.settings.posterior_alpha = 1;
    const int tokens[] = {9, 0, 1, 2, 3, 4};
    std::copy(std::begin(tokens), std::end(tokens), state.tokens);
    std::vector<float> logits(6 * 10, 0.0F); // 0.1 each: everything is admitted
    logits[3 * 10 + 4] = -9; // but node 5
    judge(*backend, tree, logits, 10, state);
    CHECK(state.record.threshold[1] == doctest::Approx(0.05));
    CHECK(state.record.posterior_prob[1] == doctest::Approx(0.1));
    CHECK(state.record.entropy[0] == doctest::Approx(std::log(10.0)));
    // Nodes 3 and 4 tie in length and likelihood: the one with the deeper continuation comes first
    // in retrieve_indices.
    CHECK(pathOf(state.record) == std::vector<int>{0, 1, 3});
    CHECK(state.record.verdict[2] == Verdict::passed);
    CHECK(state.record.verdict[4] == Verdict::passed);
    CHECK(state.record.verdict[5] == Verdict::rejected);
    CHECK(state.record.next_root == state.draw[3]);

    logits[2 * 10 + 3] = 1; // node 4 becomes likelier
    judge(*backend, tree, logits, 10, state);
    CHECK(pathOf(state.record) == std::vector<int>{0, 2, 4});
    CHECK(state.record.verdict[3] == Verdict::passed);

    logits[0] = -20; // node 1 falls: what is below it is not reached
    judge(*backend, tree, logits, 10, state);
    CHECK(state.record.verdict[1] == Verdict::rejected);
    CHECK(state.record.verdict[3] == Verdict::not_reached);
    CHECK(state.record.verdict[5] == Verdict::not_reached);

    state.settings.posterior_threshold = 0.1F; // strict: p = 0.1 is not enough
    state.settings.posterior_alpha = 5;
    judge(*backend, tree, std::vector<float>(60, 0.0F), 10, state);
    CHECK(state.record.accept_length == 0);

    state.settings.temperature = 0; // then typical is greedy
    judge(*backend, tree, std::vector<float>(60, 0.0F), 10, state);
    CHECK(pathOf(state.record) == std::vector<int>{0, 1});
    CHECK(state.record.next_root == 0);
}

TEST_CASE("exact acceptance follows the draws")
{
    auto backend = cpu(1);
    const TreeTables tree = makeTree({-1, 0, 0, 0, 1, 2, 3});
    for (uint64_t seed = 0; seed < 50; seed++) {
        StepState state;
        state.settings.temperature = 1;
        state.settings.acceptance = AcceptanceMode::exact;
        state.settings.seed = seed;
        const int tokens[] = {3, 0, 1, 2, 0, 1, 2};
        std::copy(std::begin(tokens), std::end(tokens), state.tokens);
        judge(*backend, tree, randomFloats(7 * 4, uint32_t(seed)), 4, state);
        std::vector<int> expected{0};
        for (bool found = true; found;) {
            found = false;
            for (int node = 1; node < tree.n_nodes && !found; node++) {
                if (tree.parent[node] == expected.back()
                    && tokens[node] == state.draw[expected.back()]) {
                    expected.push_back(node);
                    found = true;
                }
            }
        }
        CHECK(pathOf(state.record) == expected);
        CHECK(state.record.next_root == state.draw[expected.back()]);
        CHECK(std::none_of(state.record.verdict, state.record.verdict + 7,
            [](Verdict verdict) { return verdict == Verdict::passed; }));
    }
}

TEST_CASE("propose puts the heads' tokens onto the tree and marks what no head can fill")
{
    auto backend = cpu(1);
    const TreeTables tree = makeTree({-1, 0, 0, 1, 3, 4});
    StepState state;
    state.root = 42;
    state.head_token[0][0] = 10;
    state.head_token[0][1] = 11;
    state.head_prob[0][0] = 0.5F;
    state.head_token[1][0] = 12;
    state.head_bad[2] = 1;
    state.head_token[2][0] = 13;
    state.head_token[3][0] = 14;
    backend->propose(&tree, 3, &state);
    CHECK(std::vector<int>(state.tokens, state.tokens + 6)
        == std::vector<int>{42, 10, 11, 12, -1, -1});
    CHECK(state.record.n_bad_heads == 1);
    CHECK(state.record.n_nodes == 6);
    CHECK(state.record.draft_prob[0] == 1);
    CHECK(state.record.draft_prob[1] == 0.5F);
    CHECK(state.record.draft_prob[4] == 0);
    backend->propose(nullptr, 0, &state);
    CHECK(state.record.n_nodes == 1);
    CHECK(state.tokens[0] == 42);
}

TEST_CASE("a plain step is a tree of one node")
{
    auto backend = cpu(1);
    StepState state;
    state.kv_len = 3;
    std::vector<float> logits{0, 1, 7, 2};
    const Matrix same = identity(*backend, 4);
    backend->propose(nullptr, 0, &state);
    backend->project(same, view(logits, 4), nullptr, &state, {});
    backend->accept(nullptr, &state);
    CHECK(state.record.accept_length == 0);
    CHECK(state.record.next_root == 2);
    CHECK(state.root == 2);
    CHECK(state.record.kv_len == 4);
    CHECK(state.record.verdict[0] == Verdict::accepted);
}

TEST_CASE("phases are stamped in ascending time")
{
    auto backend = cpu(1);
    StepState state;
    backend->stamp(&state, StepPhase::begin);
    backend->stamp(&state, StepPhase::end);
    StepRecord record;
    backend->readRecord(&state, record);
    CHECK(record.time_ns[0] > 0);
    CHECK(record.time_ns[4] >= record.time_ns[0]);
}
