// SPDX-License-Identifier: Apache-2.0
// Which template a model folder is talked to with.
#include <algorithm>
#include <optional>
#include <stdexcept>

#include "core/text/builtin_templates.h"
#include "core/text/read_file.h"
#include "core/text/template_files.h"

namespace gorgon {

namespace {

// What a model's name must hold for a built-in. Base models continue text and get none.
struct NameRule
{
    std::vector<const char*> words;
    const char* builtin;
};

const std::vector<NameRule>& nameRules()
{
    static const std::vector<NameRule> rules{
        {{"vicuna"}, "vicuna_v1.1"},
        {{"zephyr"}, "zephyr"},
        {{"llama-2", "chat"}, "llama2"},
        {{"llama2", "chat"}, "llama2"},
        {{"llama-3", "instruct"}, "llama3"},
        {{"llama3", "instruct"}, "llama3"},
        {{"mistral", "instruct"}, "mistral"},
        {{"mixtral", "instruct"}, "mistral"},
        {{"qwen", "instruct"}, "chatml"},
        {{"qwen", "chat"}, "chatml"},
    };
    return rules;
}

std::string lowerCase(std::string text)
{
    for (char& c : text)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
}

// The folder's own name, that of the repository where the folder is a commit in a hub cache, and
// what config.json says it was made from.
std::vector<std::string> modelNames(const std::filesystem::path& folder)
{
    std::error_code error;
    std::filesystem::path path = std::filesystem::absolute(folder, error).lexically_normal();
    if (!path.has_filename())
        path = path.parent_path();
    std::vector<std::string> names;
    for (const std::filesystem::path& each : {path, std::filesystem::canonical(folder, error)}) {
        const bool is_commit = each.parent_path().filename() == "snapshots";
        names.push_back((is_commit ? each.parent_path().parent_path() : each).filename().string());
    }
    if (const auto file = folder / "config.json"; std::filesystem::exists(file, error)) {
        const nlohmann::json config = readJsonObject(file);
        for (const char* key : {"_name_or_path", "base_model_name_or_path"})
            if (const auto at = config.find(key); at != config.end() && at->is_string())
                names.push_back(std::filesystem::path(at->get<std::string>()).filename().string());
    }
    for (std::string& name : names)
        name = lowerCase(std::move(name));
    return names;
}

struct Marks
{
    const char* begin;
    const char* end;
    const char* builtin;
};
constexpr Marks kMarks[]
    = {{"<|im_start|>", "<|im_end|>", "chatml"}, {"<|start_header_id|>", "<|eot_id|>", "llama3"}};

struct Choice
{
    std::string builtin;
    std::string reason;
};

std::optional<Choice> choiceFor(const std::filesystem::path& folder, const Tokenizer& tokenizer)
{
    const std::string end
        = tokenizer.eosToken() >= 0 ? tokenizer.label(tokenizer.eosToken()) : std::string();
    for (const Marks& marks : kMarks)
        if (end == marks.end)
            return Choice{
                marks.builtin, std::string("the model ends its answers with ") + marks.end};
    const std::vector<std::string> names = modelNames(folder);
    for (const std::string& name : names)
        for (const NameRule& rule : nameRules())
            if (std::ranges::all_of(rule.words,
                    [&](const char* word) { return name.find(word) != std::string::npos; }))
                return Choice{rule.builtin, "the model's name is " + name};
    // Base models have these tokens, too, but do not say that they answer.
    for (const auto& [begin_mark, end_mark, builtin] : kMarks) {
        if (!tokenizer.controlId(begin_mark) || !tokenizer.controlId(end_mark))
            continue;
        for (const std::string& name : names)
            for (const char* word : {"instruct", "chat", "assistant", "dolphin", "hermes"})
                if (name.find(word) != std::string::npos)
                    return Choice{builtin,
                        std::string("the tokenizer has ") + begin_mark + " and the model's name is "
                            + name};
    }
    return std::nullopt;
}

std::shared_ptr<ChatTemplate> made(const TemplateText& text, const SpecialTokens& tokens)
{
    auto result = std::make_shared<ChatTemplate>(
        text.jinja, text.file.string(), text.name, "from " + text.file.filename().string());
    result->setSpecialTokens(tokens);
    return result;
}

} // namespace

std::shared_ptr<const ChatTemplate> chatTemplateFromJinja(
    const std::string& jinja, const std::string& what)
{
    const std::filesystem::path file(what);
    return std::make_shared<ChatTemplate>(jinja, what, file.stem().string(), "from " + what);
}

std::shared_ptr<const ChatTemplate> loadChatTemplate(
    const std::filesystem::path& folder, const Tokenizer& tokenizer)
{
    const std::vector<TemplateText> texts = readTemplateFiles(folder);
    const SpecialTokens tokens = readSpecialTokens(folder);
    const auto named
        = [&](const char* name) { return std::ranges::find(texts, name, &TemplateText::name); };
    if (!texts.empty()) {
        auto at = named("default");
        if (at == texts.end() && texts.size() > 1)
            throw std::runtime_error(texts.front().file.string()
                + ": expected a chat template named default, found " + texts.front().name
                + " and others; choose a file with --template");
        if (at == texts.end())
            at = texts.begin();
        const auto result = made(*at, tokens);
        if (const auto tools = named("tool_use"); tools != texts.end() && tools != at)
            result->setToolTemplate(made(*tools, tokens));
        return result;
    }
    const std::optional<Choice> choice = choiceFor(folder, tokenizer);
    if (!choice)
        return nullptr;
    for (const BuiltinTemplate& builtin : builtinTemplates()) {
        if (choice->builtin != builtin.name)
            continue;
        if (builtin.mark && !tokenizer.controlId(builtin.mark))
            return nullptr;
        const auto result = makeBuiltin(builtin, "built in, chosen because " + choice->reason);
        result->setSpecialTokens(tokens);
        return result;
    }
    return nullptr;
}

} // namespace gorgon
