// SPDX-License-Identifier: Apache-2.0
// The bundled model against answers that its training recorded in f32 arithmetic.
#include <doctest/doctest.h>

#include "core/decode/tree_choices.h"
#include "core/text/chat_template.h"
#include "tests/support/fixtures.h"

using namespace gorgon;

TEST_CASE("the demo model renders, answers and drafts as its training recorded")
{
    const auto folder = std::filesystem::path(GORGON_SOURCE_DIR) / "resources" / "demo_model";
    const auto tokenizer = loadTokenizer(folder);
    const auto chat_template = loadChatTemplate(folder, *tokenizer);
    REQUIRE(chat_template);
    LoadOptions options;
    options.model = folder;
    const auto model = loadModel(makeCpuBackend({2}), options);
    REQUIRE(model->heads.size() == 4);
    Engine engine(model);
    Session session = engine.makeSession();
    GenerateSettings settings;
    const auto golden = tests::readJson(folder / "training" / "golden.json");
    settings.max_tokens = golden["max_tokens"].get<int>();
    int n_tokens = 0;
    int n_steps = 0;
    for (const auto& entry : golden["cases"]) {
        std::vector<ChatMessage> messages;
        for (const auto& message : entry["messages"])
            messages.push_back({message["role"], message["content"], {}});
        CAPTURE(messages.back().content);
        const RenderedPrompt prompt = renderPrompt(*chat_template, *tokenizer, messages, true);
        REQUIRE(prompt.tokens == entry["prompt_ids"].get<std::vector<int>>());
        for (const TreeSpec& tree : {TreeSpec{}, defaultTree(*model)}) {
            settings.tree = tree;
            const auto run = tests::generate(engine, session, prompt.tokens, settings);
            CHECK(run.result.tokens == entry["answer_ids"].get<std::vector<int>>());
            CHECK(tokenizer->decode(run.result.tokens, true) == entry["text"].get<std::string>());
            if (!tree.choices.empty()) {
                n_tokens += run.result.stats.new_tokens;
                n_steps += run.result.stats.steps;
            }
        }
    }
    CHECK(double(n_tokens) / n_steps >= 3); // tokens a step with the searched tree
}

TEST_CASE("the demo model drafts what it answers plainly with quantized weights too")
{
    const auto folder = std::filesystem::path(GORGON_SOURCE_DIR) / "resources" / "demo_model";
    const auto golden = tests::readJson(folder / "training" / "golden.json");
    for (const DType weights : {DType::q8, DType::q4}) {
        CAPTURE(dtypeName(weights));
        LoadOptions options;
        options.model = folder;
        options.weights = weights;
        const auto model = loadModel(makeCpuBackend({2}), options);
        CHECK(model->head_dtype == weights);
        Engine engine(model);
        Session session = engine.makeSession();
        GenerateSettings settings;
        settings.max_tokens = 48;
        int n_tokens = 0;
        int n_steps = 0;
        for (size_t i = 0; i < 3; i++) {
            const auto prompt = golden["cases"][i]["prompt_ids"].get<std::vector<int>>();
            settings.tree = TreeSpec{};
            const auto plain = tests::generate(engine, session, prompt, settings);
            settings.tree = defaultTree(*model);
            const auto drafted = tests::generate(engine, session, prompt, settings);
            CHECK(drafted.result.tokens == plain.result.tokens);
            n_tokens += drafted.result.stats.new_tokens;
            n_steps += drafted.result.stats.steps;
        }
        CHECK(double(n_tokens) / n_steps >= 2);
    }
}
