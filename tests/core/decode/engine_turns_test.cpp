// SPDX-License-Identifier: Apache-2.0
// Turns of a conversation, ends of answers, and what a person may do in between.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/decode/tree_choices.h"
#include "tests/support/fixtures.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

const std::vector<int> kPrompt{1, 145, 207, 280, 258, 233};

std::shared_ptr<const Model> model(
    int64_t context = 0, std::optional<DType> cache_dtype = std::nullopt)
{
    return loadFixture(dataFolder() / "models" / "llama_mha",
        dataFolder() / "medusa" / "heads" / "llama_mha_trained", 2, std::nullopt, context,
        cache_dtype);
}

std::vector<int> joined(std::vector<int> a, const std::vector<int>& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

GenerateSettings sampled(float temperature, const TreeSpec& tree)
{
    GenerateSettings settings;
    settings.temperature = temperature;
    if (temperature > 0)
        settings.acceptance = AcceptanceMode::exact;
    settings.seed = 99;
    settings.max_tokens = 30;
    settings.ignore_eos = true;
    settings.tree = tree;
    return settings;
}

/// Three turns: an answer, one stopped in the middle, one regenerated, and an edited question.
std::vector<std::vector<int>> talk(
    Engine& engine, Session& session, const GenerateSettings& settings)
{
    std::vector<std::vector<int>> answers;
    const auto ask = [&](const std::vector<int>& prompt, const GenerateSettings& with) {
        answers.push_back(generate(engine, session, prompt, with).result.tokens);
        // A warm session holds what a cold one computes, bit for bit.
        Session cold = engine.makeSession();
        GenerateSettings one = with;
        one.tree = {};
        one.max_tokens = int(answers.back().size());
        generate(engine, cold, prompt, one);
        CHECK(cold.tokens == session.tokens);
        CHECK(session.tokens.size() == prompt.size() + answers.back().size() - 1);
        CHECK(sameBits(cacheRows(engine.model(), cold), cacheRows(engine.model(), session)));
        return joined(prompt, answers.back());
    };
    const std::vector<int> first = ask(kPrompt, settings);
    GenerateSettings stopped = settings;
    stopped.max_tokens = 11; // what was kept when the person pressed stop
    const std::vector<int> second_prompt = joined(first, {2, 17, 44, 101});
    ask(second_prompt, stopped);
    GenerateSettings again = settings;
    again.seed = 100;
    const std::vector<int> second = ask(second_prompt, again);
    ask(joined(second, {3, 77}), settings);
    ask(joined(first, {2, 18, 45}), settings); // the second question, edited
    return answers;
}

} // namespace

TEST_CASE("turns with a stop, a regeneration and an edit are the same with and without heads")
{
    Engine engine(model());
    for (const float temperature : {0.0F, 0.8F}) {
        CAPTURE(temperature);
        Session plain = engine.makeSession();
        const auto expected = talk(engine, plain, sampled(temperature, {}));
        for (const char* name : {"mc_sim_7b_63", "vicuna_7b_stage2"}) {
            Session drafted = engine.makeSession();
            CHECK(talk(engine, drafted, sampled(temperature, namedTree(name))) == expected);
        }
    }
}

TEST_CASE("turns are the same in every format of the cache, and a warm cache is a cold one")
{
    for (const DType dtype : {DType::f16, DType::bf16, DType::q8}) {
        CAPTURE(dtypeName(dtype));
        Engine engine(model(0, dtype));
        for (const float temperature : {0.0F, 0.8F}) {
            CAPTURE(temperature);
            Session plain = engine.makeSession();
            Session drafted = engine.makeSession();
            const auto expected = talk(engine, plain, sampled(temperature, {}));
            CHECK(
                talk(engine, drafted, sampled(temperature, namedTree("mc_sim_7b_63"))) == expected);
        }
    }
}

TEST_CASE("a common prefix is not computed again")
{
    Engine engine(model());
    Session session = engine.makeSession();
    const auto settings = sampled(0, namedTree("mc_sim_7b_63"));
    const Run first = generate(engine, session, kPrompt, settings);
    CHECK(first.result.stats.reused_tokens == 0);
    const auto prompt = joined(joined(kPrompt, first.result.tokens), {5, 6});
    const Run second = generate(engine, session, prompt, settings);
    CHECK(second.result.stats.reused_tokens == int(prompt.size()) - 3);
    const Run again = generate(engine, session, prompt, settings);
    CHECK(again.result.stats.reused_tokens == int(prompt.size()) - 1);
    CHECK(again.result.tokens == second.result.tokens);
}

TEST_CASE("an answer ends at the first end token, wherever the step put it")
{
    const auto loaded = model();
    Engine engine(loaded);
    Session session = engine.makeSession();
    auto settings = sampled(0, {});
    const auto text = generate(engine, session, kPrompt, settings).result.tokens;
    auto& eos = const_cast<Model&>(*loaded).config.eos_tokens;
    settings.ignore_eos = false;
    for (size_t at = 0; at < text.size(); at++) {
        eos = {text[at]};
        const size_t first = std::find(text.begin(), text.end(), text[at]) - text.begin();
        for (const TreeSpec& tree : {TreeSpec{}, namedTree("mc_sim_7b_63")}) {
            settings.tree = tree;
            session.tokens.clear();
            const Run run = generate(engine, session, kPrompt, settings);
            CHECK(run.result.finish == FinishReason::stop);
            CHECK(run.result.tokens == std::vector<int>(text.begin(), text.begin() + first + 1));
            CHECK(session.tokens.size() == kPrompt.size() + first);
            size_t emitted = 0;
            for (const DecodeStep& step : run.steps) {
                CHECK(int(step.tokens.size()) == step.accept_length + 1);
                emitted += step.tokens.size();
            }
            CHECK(emitted == first + 1);
        }
    }
}

TEST_CASE("the length limit cuts inside a step")
{
    Engine engine(model());
    Session session = engine.makeSession();
    auto settings = sampled(0, {});
    const auto text = generate(engine, session, kPrompt, settings).result.tokens;
    settings.tree = namedTree("mc_sim_7b_63");
    for (int n = 1; n < 30; n++) {
        settings.max_tokens = n;
        const Run run = generate(engine, session, kPrompt, settings);
        CHECK(run.result.tokens == std::vector<int>(text.begin(), text.begin() + n));
        CHECK(run.result.finish == FinishReason::length);
    }
}

TEST_CASE("at the end of the context the tree shrinks, then the answer ends")
{
    Engine engine(model(40));
    Session session = engine.makeSession();
    auto settings = sampled(0, {});
    settings.max_tokens = 1000;
    const Run plain = generate(engine, session, kPrompt, settings);
    CHECK(plain.result.finish == FinishReason::context);
    CHECK(plain.result.tokens.size() == 40 - kPrompt.size());
    settings.tree = namedTree("mc_sim_7b_63");
    const Run drafted = generate(engine, session, kPrompt, settings);
    CHECK(drafted.result.tokens == plain.result.tokens);
    CHECK(drafted.result.finish == FinishReason::context);
    for (const DecodeStep& step : drafted.steps)
        CHECK(step.position + step.nodes.back().depth < 40);

    // Every length of prompt up to the whole context, and one beyond it.
    std::vector<int> prompt = kPrompt;
    while (prompt.size() < 40) {
        prompt.push_back(int(prompt.size() * 7 % 300));
        settings.tree = {};
        const auto expected = generate(engine, session, prompt, settings).result.tokens;
        settings.tree = namedTree("mc_sim_7b_63");
        const Run run = generate(engine, session, prompt, settings);
        CHECK(run.result.tokens == expected);
        CHECK(run.result.tokens.size() == 40 - prompt.size());
        CHECK(run.result.finish == FinishReason::context);
    }
    prompt.push_back(3);
    CHECK_THROWS_WITH_AS(generate(engine, session, prompt, settings), doctest::Contains("found 41"),
        std::runtime_error);
}

TEST_CASE("a context of one token gives no answer")
{
    Engine engine(model(1));
    Session session = engine.makeSession();
    const Run run = generate(engine, session, {5}, sampled(0, namedTree("mc_sim_7b_63")));
    CHECK(run.result.tokens.empty());
    CHECK(run.result.finish == FinishReason::context);
}

TEST_CASE("cancelling acts within one step and leaves a session to go on with")
{
    Engine engine(model());
    const auto settings = sampled(0.8F, namedTree("mc_sim_7b_63"));
    Session fresh = engine.makeSession();
    const auto text = generate(engine, fresh, kPrompt, settings).result.tokens;
    for (int after = 0; after < 8; after++) {
        CAPTURE(after);
        Session session = engine.makeSession();
        std::stop_source stop;
        if (after == 0)
            stop.request_stop();
        int n_steps = 0;
        const auto result = engine.generate(
            session, kPrompt, settings,
            {{},
                [&](const DecodeStep&) -> std::optional<int> {
                    if (++n_steps == after)
                        stop.request_stop();
                    return std::nullopt;
                }},
            stop.get_token());
        CHECK(result.finish == FinishReason::cancelled);
        CHECK(n_steps == after);
        CHECK(std::equal(result.tokens.begin(), result.tokens.end(), text.begin()));
        CHECK(generate(engine, session, kPrompt, settings).result.tokens == text);
    }
}

TEST_CASE("a caller may end an answer inside a step")
{
    Engine engine(model());
    Session session = engine.makeSession();
    const auto settings = sampled(0, namedTree("mc_sim_7b_63"));
    const auto text = generate(engine, session, kPrompt, settings).result.tokens;
    const auto result = engine.generate(session, kPrompt, settings,
        {{}, [&](const DecodeStep& step) -> std::optional<int> {
             return step.position > 12 ? std::optional(1) : std::nullopt;
         }});
    CHECK(result.finish == FinishReason::stop);
    CHECK(std::equal(result.tokens.begin(), result.tokens.end(), text.begin()));
    CHECK(session.tokens.size() == kPrompt.size() + result.tokens.size() - 1);
}

TEST_CASE("settings act on the next step, and unusable ones are passed over")
{
    Engine engine(model());
    Session session = engine.makeSession();
    auto settings = sampled(0, namedTree("mc_sim_7b_63"));
    const auto text = generate(engine, session, kPrompt, settings).result.tokens;
    std::vector<size_t> sizes;
    const auto result = engine.generate(session, kPrompt, settings,
        {{}, [&](const DecodeStep& step) -> std::optional<int> {
             sizes.push_back(step.nodes.size());
             if (step.index == 0)
                 settings.n_heads = 1;
             if (step.index == 1)
                 settings.max_nodes = 4;
             if (step.index == 2)
                 settings.tree = {};
             if (step.index == 3)
                 settings.head_top_k = -5;
             if (step.index == 4)
                 settings.head_top_k = 10, settings.tree = {"chain", chainChoices(2)},
                 settings.max_nodes = 256, settings.n_heads = 5;
             return std::nullopt;
         }});
    REQUIRE(sizes.size() > 6);
    sizes.resize(6);
    CHECK(sizes == std::vector<size_t>{64, 11, 4, 1, 1, 3});
    CHECK(result.tokens == text);
}

TEST_CASE("prompts and settings that cannot be used are refused in a sentence")
{
    Engine engine(model());
    Session session = engine.makeSession();
    const auto refused
        = [&](const std::vector<int>& prompt, const GenerateSettings& settings, const char* why) {
              CHECK_THROWS_WITH_AS(generate(engine, session, prompt, settings),
                  doctest::Contains(why), std::runtime_error);
          };
    refused({}, {}, "at least one token");
    refused({1, -1}, {}, "found -1");
    refused({320}, {}, "below 320, found 320");
    GenerateSettings settings;
    settings.temperature = -1;
    refused(kPrompt, settings, "temperature");
    settings = {};
    settings.top_p = 1.5F;
    refused(kPrompt, settings, "top-p");
    settings = {};
    settings.max_tokens = 0;
    refused(kPrompt, settings, "max tokens");
    settings = {};
    settings.stop = {""};
    refused(kPrompt, settings, "stop text");
}
