// SPDX-License-Identifier: Apache-2.0
#include "core/chat/text_generator.h"

#include <doctest/doctest.h>

#include "core/decode/tree_choices.h"
#include "tests/support/byte_tokenizer.h"
#include "tests/support/fixtures.h"

using namespace gorgon;

namespace {

struct Streamed
{
    std::vector<std::string> chunks;
    std::string text;
    size_t n_tokens = 0; // until the stop
    bool stopped = false;
};

Streamed stream(const std::string& text, const std::vector<std::string>& stops)
{
    TextStream stream(std::make_shared<tests::ByteTokenizer>(), true, stops);
    Streamed streamed;
    for (const char c : text) {
        if (stream.stopped())
            break;
        streamed.chunks.push_back(stream.push(static_cast<unsigned char>(c)));
        streamed.text += streamed.chunks.back();
        streamed.n_tokens++;
    }
    streamed.text += stream.finish();
    streamed.stopped = stream.stopped();
    return streamed;
}

} // namespace

TEST_CASE("text without stop texts goes out at once, whole characters only")
{
    const Streamed euro = stream("a\xE2\x82\xAC b", {});
    CHECK(euro.chunks == std::vector<std::string>{"a", "", "", "\xE2\x82\xAC", " ", "b"});
    CHECK(stream("cut \xE2\x82", {}).text == "cut \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("a stop text is never shown, nor what follows it")
{
    const Streamed one = stream("Hello.User: more", {"User:"});
    CHECK(one.text == "Hello.");
    CHECK(one.stopped);
    CHECK(one.n_tokens == std::string("Hello.User:").size());
    CHECK(stream("Hello.Use it", {"User:"}).text == "Hello.Use it");
    CHECK(stream("aab", {"ab"}).text == "a");
    CHECK(stream("aaab", {"aab"}).text == "a");
    CHECK(stream("xyz", {"yz", "xy"}).text == "");
    CHECK(stream("abcabd", {"abd"}).text == "abc");
    CHECK(stream("end Us", {"User:"}).text == "end Us");
}

TEST_CASE("only what may become a stop text is held back")
{
    const Streamed held = stream("a\n\nb", {"\n\n\n"});
    CHECK(held.chunks == std::vector<std::string>{"a", "", "", "\n\nb"});
}

TEST_CASE("stop texts cut drafted and plain answers at the same token")
{
    const auto model = tests::loadFixture(tests::dataFolder() / "models" / "llama_mha",
        tests::dataFolder() / "medusa" / "heads" / "llama_mha_trained");
    Engine engine(model);
    Session session = engine.makeSession();
    // The fixture model knows 320 tokens: those above a byte print nothing readable.
    class Wide : public tests::ByteTokenizer
    {
    public:
        std::string bytes(int id) const override { return "<" + std::to_string(id) + ">"; }
        bool isControl(int) const override { return false; }
    };
    const auto tokenizer = std::make_shared<Wide>();
    const std::vector<int> prompt{1, 145, 207, 280, 258, 233};
    GenerateSettings settings;
    settings.max_tokens = 40;
    settings.ignore_eos = true;
    const auto run = [&](const TreeSpec& tree) {
        settings.tree = tree;
        session.tokens.clear();
        std::string streamed;
        const auto generated = generateText(engine, session, tokenizer, prompt, true,
            settings,
            {.on_prefill = {},
                .on_step = [&](const DecodeStep&, const std::string& text) { streamed += text; },
                .on_end = [&](const std::string& rest) { streamed += rest; }});
        CHECK(streamed == generated.text);
        return generated;
    };
    const auto whole = run({});
    for (size_t i = 0; i < whole.result.tokens.size(); i++) {
        settings.stop = {"<" + std::to_string(whole.result.tokens[i]) + ">"};
        const auto plain = run({});
        const auto drafted = run(namedTree("mc_sim_7b_63"));
        CHECK(plain.result.finish == FinishReason::stop);
        CHECK(plain.result.tokens == drafted.result.tokens);
        CHECK(plain.text == drafted.text);
        CHECK(plain.text.find(settings.stop[0]) == std::string::npos);
        CHECK(plain.result.tokens.back() == whole.result.tokens[i]);
    }
}

TEST_CASE("a token beyond the model's matrix is refused when it is used, with its text")
{
    Engine engine(tests::loadFixture(tests::dataFolder() / "models/llama_mha"));
    Session session = engine.makeSession();
    const auto tokenizer = std::make_shared<tests::ByteTokenizer>();
    const int beyond = int(engine.model().vocabMatrix().n_out);
    const std::vector<int> prompt{1, 2, beyond};
    try {
        generateText(engine, session, tokenizer, prompt, true, GenerateSettings());
        FAIL("nothing was thrown");
    } catch (const std::runtime_error& problem) {
        const std::string words = problem.what();
        CAPTURE(words);
        CHECK(words.find(tokenizer->label(beyond)) != std::string::npos);
        CHECK(words.find("beyond the model's matrix of " + std::to_string(beyond))
            != std::string::npos);
    }
}
