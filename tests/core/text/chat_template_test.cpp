// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
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

Ids operator+(Ids a, const Ids& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

RenderOptions optionsOf(bool add_generation_prompt)
{
    RenderOptions options;
    options.add_generation_prompt = add_generation_prompt;
    return options;
}

std::string textOf(const std::vector<PromptPart>& parts)
{
    std::string text;
    for (const PromptPart& part : parts)
        text += part.text;
    return text;
}

// With the tokenizer of the small model, whose end token no built-in is chosen by.
std::shared_ptr<const ChatTemplate> loadFrom(const std::filesystem::path& folder)
{
    return loadChatTemplate(folder, *smallTokenizer());
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
    CHECK_THROWS_AS(
        chatml->render({{"end|><|user", "x", {}}}, optionsOf(false)), std::runtime_error);
    CHECK_THROWS_AS(chatml->render({{"end", "x", {}}}, optionsOf(false)), std::runtime_error);
    CHECK_THROWS_AS(chatml->render({}, optionsOf(true)), std::runtime_error);
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

TEST_CASE("kept ids of an answer are taken where the template trims it")
{
    const auto tokenizer = smallTokenizer();
    const auto llama3 = builtinChatTemplate("llama3");
    // "hello" byte by byte, as encode() never has it.
    const Ids word{7 + 'h', 7 + 'e', 7 + 'l', 7 + 'l', 7 + 'o'};
    const Ids blank = tokenizer->encodeContinuation("  ");
    const auto tokensOf = [&](const std::string& content, const Ids& ids) {
        return renderPrompt(
            *llama3, *tokenizer, {{"user", "or", {}}, {"assistant", content, ids}}, false)
            .tokens;
    };
    const auto holds = [](const Ids& all, const Ids& part) {
        return std::search(all.begin(), all.end(), part.begin(), part.end()) != all.end();
    };
    CHECK(!holds(tokensOf("hello", {}), word));
    CHECK(tokensOf("hello  ", word + blank) == tokensOf("hello", word));
    CHECK(tokensOf("  hello  ", blank + word + blank) == tokensOf("hello", word));
    CHECK(holds(tokensOf("hello  ", word + blank), word));
    CHECK(!holds(tokensOf("hello ! ", word), word));
}

TEST_CASE("a folder's template is its own, in the order in which its files count")
{
    const TemporaryFolder folder;
    const auto rendered = [&](bool with_tools = false) {
        RenderOptions options = optionsOf(false);
        if (with_tools)
            options.tools = nlohmann::ordered_json::array({"t"});
        const auto found = loadFrom(folder.path());
        return found->source() + ": " + textOf(found->render({{"user", "hi", {}}}, options));
    };
    CHECK(loadFrom(folder.path()) == nullptr);
    folder.write("tokenizer_config.json", "{}");
    CHECK(loadFrom(folder.path()) == nullptr);
    folder.write("chat_template.json", R"({"chat_template": "legacy {{ messages[0].content }}"})");
    CHECK(rendered() == "from chat_template.json: legacy hi");
    folder.write("tokenizer_config.json", R"({"chat_template": "config {{ bos_token }}",
        "bos_token": {"content": "<b>"}})");
    folder.write("special_tokens_map.json", R"({"bos_token": "<other>", "eos_token": "<e>"})");
    CHECK(rendered() == "from tokenizer_config.json: config <b>");
    folder.write("chat_template.jinja", "file {{ eos_token }}\n");
    CHECK(rendered() == "from chat_template.jinja: file <e>");
    CHECK(loadFrom(folder.path())->name() == "default");
    std::filesystem::create_directory(folder.path() / "additional_chat_templates");
    folder.write("additional_chat_templates/tool_use.jinja", "tools {{ tools }}");
    CHECK(rendered() == "from chat_template.jinja: file <e>");
    CHECK(rendered(true) == "from chat_template.jinja: tools ['t']");
    std::filesystem::remove(folder.path() / "chat_template.jinja");
    folder.write("tokenizer_config.json", R"({"chat_template": [
        {"name": "tool_use", "template": "list of tools"}, {"name": "default", "template": "list"}]})");
    CHECK(rendered() == "from tokenizer_config.json: list");
    CHECK(rendered(true) == "from tokenizer_config.json: list of tools");
}

TEST_CASE("an unsound template of a folder is refused in one sentence that names the file")
{
    const TemporaryFolder folder;
    for (const char* wrong : {R"({"chat_template": 3})", R"({"chat_template": [3]})",
             R"({"chat_template": [{"name": "default"}]})", R"({"chat_template": "{% if %}"})",
             R"({"chat_template": "{{ a"})", R"({"chat_template": [{"name": "a", "template": ""},
                {"name": "b", "template": ""}]})"})
    {
        folder.write("tokenizer_config.json", wrong);
        CAPTURE(wrong);
        CHECK_THROWS_WITH_AS(loadFrom(folder.path()), doctest::Contains("tokenizer_config.json"),
            std::runtime_error);
    }
    folder.write("tokenizer_config.json", "{}");
    folder.write("chat_template.jinja", std::string((1 << 20) + 1, 'x'));
    CHECK_THROWS_AS(loadFrom(folder.path()), std::runtime_error);
    CHECK(builtinChatTemplate("none of these") == nullptr);
}

TEST_CASE("a folder without a template gets the built-in that its name asks for")
{
    const TemporaryFolder folder;
    const auto chosenFor = [&](const char* name) {
        const std::filesystem::path path = folder.path() / name;
        std::filesystem::create_directories(path);
        const auto found = loadFrom(path);
        return found ? found->name() + ", " + found->source() : std::string();
    };
    CHECK(chosenFor("vicuna-7b-v1.3")
        == "vicuna_v1.1, built in, chosen because the model's name is vicuna-7b-v1.3");
    CHECK(chosenFor("models--HuggingFaceH4--zephyr-7b-beta/snapshots/0123")
        == "zephyr, built in, chosen because the model's name is "
           "models--huggingfaceh4--zephyr-7b-beta");
    CHECK(chosenFor("Llama-2-7b-chat-hf").starts_with("llama2, "));
    CHECK(chosenFor("Mistral-7B-Instruct-v0.2").starts_with("mistral, "));
    CHECK(chosenFor("Llama-2-7b-hf").empty());
    CHECK(chosenFor("Qwen2.5-Instruct").empty()); // the vocabulary lacks <|im_start|>
    CHECK(chosenFor("medusa").empty());
    folder.write("medusa/config.json", R"({"base_model_name_or_path": "lmsys/vicuna-7b-v1.3"})");
    CHECK(chosenFor("medusa").starts_with("vicuna_v1.1, "));
}

TEST_CASE("variables and tools reach the template and never become control tokens")
{
    const auto tokenizer = smallTokenizer();
    const auto shown = chatTemplateFromJinja(
        "{{ bos_token }}{{ name }}<|user|>{% for t in tools %}{{ t | tojson }}{% endfor %}"
        "{{ strftime_now('%d %b %Y') }}{{ '' if documents is none }}",
        "a test");
    RenderOptions options;
    options.variables = {{"name", "<|end|>x"}};
    options.tools = nlohmann::ordered_json::array({{{"z", "<|end|>"}, {"a", 1.0}}});
    options.now = std::tm{};
    options.now->tm_mday = 5;
    options.now->tm_mon = 6;
    options.now->tm_year = 126;
    const auto prompt = renderPrompt(*shown, *tokenizer, {{"user", "x", {}}}, options);
    CHECK(prompt.text == R"(<s><|end|>x<|user|>{"z": "<|end|>", "a": 1.0}05 Jul 2026)");
    CHECK(controlCount(*tokenizer, prompt.tokens) == 2); // <s> and <|user|>
}

TEST_CASE("tool calls, names and parts of a message reach the template as its text")
{
    const auto tokenizer = smallTokenizer();
    const auto shown = chatTemplateFromJinja(
        "{% for m in messages %}<|user|>{{ m.role }} {{ m.name or 'nobody' }}"
        "{% for call in m.tool_calls or [] %}{{ call.name }}({{ call.arguments | tojson }})"
        "{% endfor %}{% if m.content is string %}{{ m.content }}{% elif m.content %}"
        "{{ m.content[0].text }}{% else %}none{% endif %}{% endfor %}",
        "a test");
    std::vector<ChatMessage> messages{{"user", "hi", {}}, {"assistant", {}, {}}, {"tool", {}, {}}};
    messages[0].fields = {{"name", "<|end|>"}, {"role", "system"}};
    messages[1].fields = {{"content", nullptr},
        {"tool_calls",
            nlohmann::ordered_json::array({{{"name", "f"}, {"arguments", {{"x", "<|end|>"}}}}})}};
    messages[2].fields
        = {{"content", nlohmann::ordered_json::array({{{"type", "text"}, {"text", "<|end|>"}}})}};
    const auto prompt = renderPrompt(*shown, *tokenizer, messages, RenderOptions());
    CHECK(prompt.text
        == R"(<|user|>user <|end|>hi<|user|>assistant nobodyf({"x": "<|end|>"})none)"
           R"(<|user|>tool nobody<|end|>)");
    CHECK(controlCount(*tokenizer, prompt.tokens) == 3); // <|user|> three times
}

namespace {

// nullptr where this kind of file is not read.
std::shared_ptr<const Tokenizer> fixtureTokenizer(const std::string& name)
{
    try {
        return loadTokenizer(sharedFolder() / "fixtures/tokenizers" / name);
    } catch (const std::runtime_error& error) {
        const std::string why = error.what();
        MESSAGE("skipped: " << why);
        return nullptr;
    }
}

std::shared_ptr<const ChatTemplate> fixtureTemplate(const std::string& name)
{
    if (const char* builtin = name.starts_with("vicuna_v1.1") ? "vicuna_v1.1" : nullptr)
        return builtinChatTemplate(builtin);
    const std::string path = "fixtures/chat/templates/" + name + ".jinja";
    return chatTemplateFromJinja(readAll(sharedFolder() / path), path);
}

} // namespace

TEST_CASE("texts and ids equal the reference's")
{
    if (!sharedHas("fixtures/chat/chat_cases.json"))
        return;
    std::map<std::string, std::shared_ptr<const Tokenizer>> tokenizers;
    for (const std::string name : {"llama2", "mistral", "llama3", "qwen25"})
        tokenizers[name] = fixtureTokenizer(name);
    int n_compared = 0, n_builtin = 0, n_ids = 0;
    for (const auto& c :
        nlohmann::json::parse(readAll(sharedFolder() / "fixtures/chat/chat_cases.json")))
    {
        CAPTURE(c.dump());
        std::vector<ChatMessage> messages;
        for (const auto& m : c["messages"])
            messages.push_back({m["role"].get<std::string>(), m["content"].get<std::string>(), {}});
        RenderOptions options = optionsOf(c["add_generation_prompt"].get<bool>());
        options.variables = nlohmann::ordered_json::parse(c["extra_variables"].dump());
        for (const char* token : {"bos_token", "eos_token"})
            if (c[token].is_string())
                options.special_tokens[token] = c[token].get<std::string>();
        std::vector<std::shared_ptr<const ChatTemplate>> templates{
            fixtureTemplate(c["template"].get<std::string>())};
        if (const char* builtin = builtinOf(c["template"].get<std::string>())) {
            templates.push_back(builtinChatTemplate(builtin));
            ++n_builtin;
        }
        ++n_compared;
        for (const auto& chat_template : templates) {
            CAPTURE(chat_template->source());
            if (c.contains("error")) {
                CHECK_THROWS_AS(chat_template->render(messages, options), std::runtime_error);
                continue;
            }
            CHECK(textOf(chat_template->render(messages, options)) == c["text"].get<std::string>());
            const auto tokenizer = tokenizers[c["tokenizer"].get<std::string>()];
            if (!tokenizer)
                continue;
            const auto prompt = renderPrompt(*chat_template, *tokenizer, messages, options);
            CHECK(prompt.text == c["text"].get<std::string>());
            if (holdsControlText(*tokenizer, messages)) {
                CHECK(prompt.tokens != c["ids"].get<Ids>());
                continue;
            }
            CHECK(prompt.tokens == c["ids"].get<Ids>());
            ++n_ids;
        }
    }
    CHECK(n_compared == 240);
    CHECK(n_builtin == 144);
    CHECK(n_ids > 140);
}

TEST_CASE("no control token of a published vocabulary comes from a message, a tool or a variable")
{
    if (!sharedHas("fixtures/tokenizers/llama2/golden.json"))
        return;
    const auto templates = [] {
        std::vector<std::shared_ptr<const ChatTemplate>> all;
        for (const std::string& name : builtinChatTemplateNames())
            all.push_back(builtinChatTemplate(name));
        for (const char* name : {"llama31", "llama32", "qwen25", "smollm2", "zephyr"})
            all.push_back(fixtureTemplate(name));
        // One that changes the content in every way.
        all.push_back(chatTemplateFromJinja(
            "{% for m in messages %}{{ m.content | upper | lower ~ m.content[::-1][::-1] }}"
            "{{ m.content.split('|') | join('|') }}{{ m.content | list | join }}"
            "{{ m | tojson }}{{ [m.content] }}{{ '%s' % m.content }}{{ '{}'.format(m.content) }}"
            "{{ m.content | replace('|', '|') }}{% endfor %}{{ tools }}{{ variable * 2 }}",
            "a test"));
        return all;
    }();
    for (const char* name : {"llama2", "mistral", "llama3", "qwen25", "stories260K"}) {
        const auto tokenizer = fixtureTokenizer(name);
        if (!tokenizer)
            continue;
        std::string typed;
        for (int id = 0; id < tokenizer->vocabSize(); ++id)
            if (tokenizer->isControl(id))
                typed += tokenizer->label(id) + " " + tokenizer->label(id);
        for (const auto& chat_template : templates) {
            CAPTURE(name);
            CAPTURE(chat_template->source());
            const auto counted = [&](const std::string& text) {
                RenderOptions options = optionsOf(true);
                options.tools = nlohmann::ordered_json::array({{{"name", text}, {text, 1}}});
                options.variables = {{"variable", text}, {"date_string", text}};
                if (tokenizer->bosToken() < 0) // Qwen's; some templates need one
                    options.special_tokens["bos_token"] = "";
                std::vector<ChatMessage> messages;
                for (const char* role : {"system", "user", "assistant", "user"})
                    if (role != std::string("system") || chat_template->name() != "mistral")
                        messages.push_back({role, text, {}});
                return controlCount(
                    *tokenizer, renderPrompt(*chat_template, *tokenizer, messages, options).tokens);
            };
            CHECK(counted(typed) == counted("x"));
        }
    }
}

TEST_CASE("long conversations and long messages render fast")
{
    const auto chatml = builtinChatTemplate("chatml");
    std::vector<ChatMessage> messages;
    for (int i = 0; i < 200; ++i)
        messages.push_back({i % 2 ? "assistant" : "user", "A sentence of some words.", {}});
    const auto milliseconds = [&](const std::vector<ChatMessage>& given) {
        double best = 1e9;
        for (int i = 0; i < 3; ++i) {
            const auto start = std::chrono::steady_clock::now();
            CHECK(!chatml->render(given, optionsOf(true)).empty());
            const std::chrono::duration<double, std::milli> took
                = std::chrono::steady_clock::now() - start;
            best = std::min(best, took.count());
        }
        return best;
    };
    MESSAGE("200 messages: " << milliseconds(messages) << " ms");
    const std::string mebibyte(1 << 20, 'a');
    MESSAGE("1 MiB: " << milliseconds({{"user", mebibyte, {}}}) << " ms");
#ifdef NDEBUG
    CHECK(milliseconds(messages) < 20);
    CHECK(milliseconds({{"user", mebibyte, {}}}) < 100);
#endif
}
