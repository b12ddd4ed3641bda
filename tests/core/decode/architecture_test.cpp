// SPDX-License-Identifier: Apache-2.0
// Every architecture and option against the reference's values, and the first promise for each.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/decode/tree_choices.h"
#include "tests/support/fixtures.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

constexpr float kTolerance = 1e-4F; // f32 logits of the reference

std::filesystem::path moreFolder()
{
    return dataFolder() / "models_more";
}

std::vector<std::string> moreModels()
{
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(moreFolder()))
        if (entry.is_directory())
            names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<int> readIds(const TensorFile& file, const std::string& name)
{
    const auto ids = readTensor<int64_t>(file, name);
    return {ids.begin(), ids.end()};
}

/// The model with heads of random weights: their drafts are wild, so every path gets rejected and
/// accepted somewhere.
std::shared_ptr<const Model> withRandomHeads(
    const std::filesystem::path& folder, int n_threads, int64_t context)
{
    const auto model = loadFixture(folder, {}, n_threads, std::nullopt, context);
    const auto lender
        = makeRandomModel(model->backend, model->config, DType::f32, model->context, 4, false, 5);
    auto& heads = const_cast<Model&>(*model).heads; // before any engine reads it
    heads = std::move(const_cast<Model&>(*lender).heads);
    return model;
}

} // namespace

TEST_CASE("logits and greedy text of every architecture and option")
{
    const auto names = moreModels();
    CHECK(names.size() >= 13);
    for (const std::string& name : names) {
        CAPTURE(name);
        const int64_t context = readJson(moreFolder() / name / "case.json")["context"];
        const auto expected = openTensorFile(moreFolder() / name / "expected.safetensors");
        const std::vector<int> prompt = readIds(*expected, "input_ids");
        const std::vector<float> rows = readTensor<float>(*expected, "last_logits");
        const std::vector<int> greedy = readIds(*expected, "greedy_ids");
        for (const int n_threads : {1, 2})
            for (const auto weights : {std::optional<DType>{}, std::optional(DType::f32)}) {
                const auto model
                    = loadFixture(moreFolder() / name, {}, n_threads, weights, context);
                Engine engine(model);
                Session session = engine.makeSession();
                std::vector<float> logits;
                engine.logits(session, prompt, {}, {}, logits, nullptr);
                REQUIRE(logits.size() > rows.size());
                logits.erase(logits.begin(), logits.end() - int64_t(rows.size()));
                CHECK(maxDifference(logits, rows) < kTolerance);
                GenerateSettings settings;
                settings.max_tokens = int(greedy.size());
                settings.ignore_eos = true;
                CHECK(generate(engine, session, prompt, settings).result.tokens == greedy);
            }
    }
}

TEST_CASE("every architecture's text with heads equals its text without")
{
    std::vector<std::filesystem::path> folders;
    for (const std::string& name : moreModels())
        folders.push_back(moreFolder() / name);
    for (const char* name : {"mistral_swa", "qwen2_bias"})
        if (sharedHas("fixtures/models/" + std::string(name)))
            folders.push_back(sharedFolder() / "fixtures/models" / name);
    for (const auto& folder : folders) {
        CAPTURE(folder.filename().string());
        const auto expected = openTensorFile(folder / "expected.safetensors");
        const std::string ids = expected->tensors().contains("input_ids") ? "" : "p0.";
        const std::vector<int> prompt = readIds(*expected, ids + "input_ids");
        const int64_t longest = supportedContext(readModelConfig(folder));
        const auto model = withRandomHeads(folder, 2, std::min<int64_t>(longest, 4096));
        Engine engine(model);
        Session session = engine.makeSession();
        GenerateSettings settings;
        settings.seed = 11;
        settings.ignore_eos = true;
        settings.max_tokens = int(std::min<int64_t>(70, model->context - int64_t(prompt.size())));
        for (const float temperature : {0.0F, 0.9F}) {
            settings.temperature = temperature;
            if (temperature > 0)
                settings.acceptance = AcceptanceMode::exact;
            settings.tree = {};
            session.tokens.clear();
            const Run plain = generate(engine, session, prompt, settings);
            const auto plain_cache = cacheRows(*model, session);
            CHECK(int(plain.result.tokens.size()) == settings.max_tokens);
            for (const TreeSpec& tree :
                {namedTree("mc_sim_7b_63"), TreeSpec{"chain", chainChoices(4)}}) {
                CAPTURE(temperature);
                CAPTURE(tree.name);
                settings.tree = tree;
                session.tokens.clear();
                const Run drafted = generate(engine, session, prompt, settings);
                CHECK(drafted.result.tokens == plain.result.tokens);
                CHECK(sameBits(cacheRows(*model, session), plain_cache));
                CHECK(std::any_of(drafted.steps.begin(), drafted.steps.end(),
                    [](const DecodeStep& step) { return step.nodes.size() > 1; }));
            }
        }
    }
}

TEST_CASE(
    "logits along a tree path equal those in sequence where layers slide, norm or stand still")
{
    for (const char* name : {"mistral_window_v5", "qwen2_layer_types", "qwen3", "smollm3_list_v5"})
    {
        CAPTURE(name);
        const auto model = loadFixture(moreFolder() / name, {}, 2);
        Engine engine(model);
        Session session = engine.makeSession();
        const int64_t vocab = model->vocabMatrix().n_out;
        const CandidateTree tree = makeCandidateTree(namedTree("mc_sim_7b_63").choices);
        for (const int n_prompt : {1, 6, 15, 16, 17, 40}) {
            CAPTURE(n_prompt);
            std::vector<int> prompt;
            for (int i = 0; i < n_prompt; i++)
                prompt.push_back((i * 37 + 11) % int(vocab));
            std::vector<int> tokens;
            for (int node = 0; node < tree.nodeCount(); node++)
                tokens.push_back((node * 53 + 7) % int(vocab));
            std::vector<float> in_tree;
            engine.logits(session, prompt, tree, tokens, in_tree, nullptr);
            for (const int node : {0, 1, 20, 40, 62, 63}) {
                std::vector<int> sequence = prompt;
                for (int d = 0; d <= tree.tables.depth[node]; d++)
                    sequence.push_back(tokens[tree.tables.path[node][d]]);
                std::vector<float> alone;
                engine.logits(session, sequence, {}, {}, alone, nullptr);
                CHECK(std::memcmp(in_tree.data() + (n_prompt + node) * vocab,
                          alone.data() + (sequence.size() - 1) * vocab, vocab * sizeof(float))
                    == 0);
            }
        }
    }
}
