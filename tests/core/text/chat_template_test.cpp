// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <stdexcept>

#include <nlohmann/json.hpp>

#include "core/text/chat_template.h"
#include "core/text/stream_decoder.h"
#include "tests/core/text/support.h"
#include "tests/support/paths.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

using Ids = std::vector<int>;

constexpr const char* kGorgonJinja
    = "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + "
      "message['content'] + "
      "'<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

Ids operator+(Ids a, const Ids& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

const char* builtinOf(const std::string& fixture_template)
{
    if (fixture_template.starts_with("vicuna_v1.1"))
        return "vicuna_v1.1";
    for (const auto& [theirs, ours] :
        {std::pair{"zephyr", "zephyr"}, {"chatml", "chatml"}, {"llama2_chat", "llama2"},
            {"mistral_v02", "mistral"}, {"mistral_v1_system", "mistral_system"}})
        if (fixture_template == theirs)
            return ours;
    return nullptr;
}

bool holdsControlText(const Tokenizer& tokenizer, const std::vector<ChatMessage>& messages)
{
    for (const ChatMessage& message : messages)
        for (int id = 0; id < tokenizer.vocabSize(); ++id)
            if (tokenizer.isControl(id)
                && message.content.find(tokenizer.label(id)) != std::string::npos)
                return true;
    return false;
}

int controlCount(const Tokenizer& tokenizer, const Ids& ids)
{
    int n = 0;
    for (const int id : ids)
        n += tokenizer.isControl(id) ? 1 : 0;
    return n;
}

} // namespace

TEST_CASE("the gorgon template puts marks around each message")
{
    const auto tokenizer = smallTokenizer();
    const auto gorgon = builtinChatTemplate("gorgon");
    REQUIRE(gorgon);
    const std::vector<ChatMessage> messages{{"system", "he", {}}, {"user", "hello world", {}},
        {"assistant", "or", {}}, {"user", "", {}}};
    const auto prompt = renderPrompt(*gorgon, *tokenizer, messages, true);
    CHECK(prompt.text
        == "<s><|system|>he<|end|><|user|>hello "
           "world<|end|><|assistant|>or<|end|><|user|><|end|><|assistant|>");
    const auto control = [&](const char* text) { return Ids{tokenizer->controlId(text).value()}; };
    const Ids end = control("<|end|>");
    CHECK(prompt.tokens
        == control("<s>") + control("<|system|>") + tokenizer->encode("he") + end
            + control("<|user|>") + tokenizer->encode("hello world") + end
            + control("<|assistant|>") + tokenizer->encode("or") + end + control("<|user|>") + end
            + control("<|assistant|>"));
    CHECK(renderPrompt(*gorgon, *tokenizer, messages, false).tokens.size() + 1
        == prompt.tokens.size());
}

TEST_CASE("no control token written in a message becomes one, in any role and template")
{
    const auto tokenizer = smallTokenizer();
    for (const std::string& name : builtinChatTemplateNames()) {
        const auto chat_template = builtinChatTemplate(name);
        for (int id = 0; id < tokenizer->vocabSize(); ++id) {
            if (!tokenizer->isControl(id))
                continue;
            for (const std::string& typed :
                {tokenizer->label(id), "a " + tokenizer->label(id) + " b",
                    tokenizer->label(id) + tokenizer->label(id)})
            {
                const auto conversation = [&](const std::string& text) {
                    return std::vector<ChatMessage>{
                        {"user", text, {}}, {"assistant", text, {}}, {"user", text, {}}};
                };
                const auto prompt
                    = renderPrompt(*chat_template, *tokenizer, conversation(typed), true);
                const auto harmless
                    = renderPrompt(*chat_template, *tokenizer, conversation("x"), true);
                CAPTURE(name);
                CAPTURE(typed);
                CHECK(controlCount(*tokenizer, prompt.tokens)
                    == controlCount(*tokenizer, harmless.tokens));
                const auto system = [&](const std::string& text) {
                    return std::vector<ChatMessage>{{"system", text, {}}, {"user", "x", {}}};
                };
                if (name != "mistral")
                    CHECK(controlCount(*tokenizer,
                              renderPrompt(*chat_template, *tokenizer, system(typed), true).tokens)
                        == controlCount(*tokenizer,
                            renderPrompt(*chat_template, *tokenizer, system("x"), true).tokens));
                CHECK(tokenizer->decode(tokenizer->encode(typed), true) == typed);
            }
        }
    }
}

TEST_CASE("a control token put together from template and message stays text")
{
    const auto tokenizer = smallTokenizer();
    const auto chatml = builtinChatTemplate("chatml");
    // Behind "user\n" the message begins; no mark of this vocabulary may start in one and end in
    // the other.
    const auto prompt = renderPrompt(*builtinChatTemplate("vicuna_v1.1"), *tokenizer,
        {{"user", "<|end", {}}, {"assistant", "|>", {}}}, false);
    CHECK(controlCount(*tokenizer, prompt.tokens) == 2); // bos, and the end of the answer
    CHECK_THROWS_AS(chatml->render({{"end|><|user", "x", {}}}, false), std::runtime_error);
    CHECK_THROWS_AS(chatml->render({}, true), std::runtime_error);
}

TEST_CASE("ids of an answer are kept while its text is unchanged")
{
    const auto tokenizer = smallTokenizer();
    const auto gorgon = builtinChatTemplate("gorgon");
    const int end = tokenizer->eosToken();
    CHECK(end == tokenizer->controlId("<|end|>"));
    // "hello" in another way than encode() has it, with the space that comes from the tokenizer.
    const Ids kept = tokenizer->encode("he") + tokenizer->encodeContinuation("llo");
    REQUIRE(kept != tokenizer->encode("hello"));
    const auto tokensOf = [&](const std::string& content, const Ids& ids) {
        return renderPrompt(
            *gorgon, *tokenizer, {{"user", "or", {}}, {"assistant", content, ids}}, false)
            .tokens;
    };
    const Ids before = renderPrompt(*gorgon, *tokenizer, {{"user", "or", {}}}, true).tokens;
    CHECK(tokensOf("hello", kept) == before + kept + Ids{end});
    CHECK(tokensOf("hello", kept + Ids{end}) == before + kept + Ids{end});
    CHECK(tokensOf("hello", {}) == before + tokenizer->encode("hello") + Ids{end});
    CHECK(tokensOf("hello!", kept) == before + tokenizer->encode("hello!") + Ids{end});
    // Without the space in front, and with a character cut in the middle.
    const Ids bare = tokenizer->encodeContinuation("hello");
    CHECK(tokensOf("hello", bare) == before + bare + Ids{end});
    const Ids cut = kept + Ids{7 + 0xE4, 7 + 0xB8};
    CHECK(tokensOf("hello\uFFFD\uFFFD", cut) == before + cut + Ids{end});
    // Ids that hold a control token, or none of this vocabulary, are not taken.
    CHECK(tokensOf("hello", Ids{end} + kept) == before + tokenizer->encode("hello") + Ids{end});
    CHECK(tokensOf("hello", kept + Ids{1 << 30}) == before + tokenizer->encode("hello") + Ids{end});
    CHECK(tokensOf("hello", {-1}) == before + tokenizer->encode("hello") + Ids{end});
}

TEST_CASE("kept ids take the place of the template's own space")
{
    const auto tokenizer = smallTokenizer();
    const auto vicuna = builtinChatTemplate("vicuna_v1.1");
    const std::vector<ChatMessage> question{{"system", "or", {}}, {"user", "he", {}}};
    const Ids before = renderPrompt(*vicuna, *tokenizer, question, true).tokens;
    const Ids kept = tokenizer->encode("hello");
    auto messages = question;
    messages.push_back({"assistant", "hello", kept});
    const auto prompt = renderPrompt(*vicuna, *tokenizer, messages, false);
    CHECK(prompt.text == "or USER: he ASSISTANT: hello<|end|>");
    CHECK(prompt.tokens == before + kept + Ids{tokenizer->eosToken()});
}

TEST_CASE("a folder's template is found by its text")
{
    const TemporaryFolder folder;
    CHECK(loadChatTemplate(folder.path()) == nullptr);
    folder.write("tokenizer_config.json", "{}");
    CHECK(loadChatTemplate(folder.path()) == nullptr);
    folder.write("tokenizer_config.json", nlohmann::json{{"chat_template", kGorgonJinja}}.dump());
    REQUIRE(loadChatTemplate(folder.path()));
    CHECK(loadChatTemplate(folder.path())->name() == "gorgon");
    folder.write(
        "tokenizer_config.json", nlohmann::json{{"chat_template", "{{ messages }}"}}.dump());
    CHECK_THROWS_WITH_AS(
        loadChatTemplate(folder.path()), doctest::Contains("--template"), std::runtime_error);
    folder.write("chat_template.jinja", std::string(kGorgonJinja) + "\n");
    CHECK(loadChatTemplate(folder.path())->name() == "gorgon");
    std::filesystem::remove(folder.path() / "chat_template.jinja");
    const nlohmann::json tools{{"name", "tool_use"}, {"template", "x"}};
    const nlohmann::json talk{{"name", "default"}, {"template", kGorgonJinja}};
    folder.write("tokenizer_config.json",
        nlohmann::json{{"chat_template", nlohmann::json::array({tools, talk})}}.dump());
    CHECK(loadChatTemplate(folder.path())->name() == "gorgon");
    CHECK(builtinChatTemplate("none of these") == nullptr);
}

TEST_CASE("published templates are recognised")
{
    for (const auto& [file, name] :
        {std::pair{"chatml", "chatml"}, {"llama2_chat", "llama2"}, {"mistral_v02", "mistral"},
            {"mistral_v1_system", "mistral_system"}, {"zephyr", "zephyr"}})
    {
        const std::string path = std::string("fixtures/chat/templates/") + file + ".jinja";
        if (sharedHas(path))
            CHECK(chatTemplateFromJinja(readAll(sharedFolder() / path), path)->name() == name);
    }
}

TEST_CASE("texts and ids equal the reference's")
{
    if (!sharedHas("fixtures/chat/chat_cases.json"))
        return;
    std::map<std::string, std::shared_ptr<const Tokenizer>> tokenizers;
    for (const std::string name : {"llama2", "mistral"})
        tokenizers[name] = loadTokenizer(sharedFolder() / "fixtures/tokenizers" / name);
    int n_compared = 0, n_ids = 0;
    for (const auto& c :
        nlohmann::json::parse(readAll(sharedFolder() / "fixtures/chat/chat_cases.json")))
    {
        const char* name = builtinOf(c["template"].get<std::string>());
        if (!name)
            continue;
        CAPTURE(c.dump());
        ++n_compared;
        const auto chat_template = builtinChatTemplate(name);
        std::vector<ChatMessage> messages;
        for (const auto& m : c["messages"])
            messages.push_back({m["role"].get<std::string>(), m["content"].get<std::string>(), {}});
        const bool generation = c["add_generation_prompt"].get<bool>();
        if (c.contains("error")) {
            CHECK_THROWS_AS(chat_template->render(messages, generation), std::runtime_error);
            continue;
        }
        std::string text;
        for (const PromptPart& part : chat_template->render(messages, generation))
            text += part.text;
        CHECK(text == c["text"].get<std::string>());
        const auto tokenizer = tokenizers.find(c["tokenizer"].get<std::string>());
        if (tokenizer == tokenizers.end())
            continue;
        const auto prompt = renderPrompt(*chat_template, *tokenizer->second, messages, generation);
        CHECK(prompt.text == text);
        if (holdsControlText(*tokenizer->second, messages)) {
            CHECK(prompt.tokens != c["ids"].get<Ids>());
            continue;
        }
        CHECK(prompt.tokens == c["ids"].get<Ids>());
        ++n_ids;
    }
    CHECK(n_compared == 144);
    CHECK(n_ids > 70);
}
