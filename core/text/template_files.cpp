// SPDX-License-Identifier: Apache-2.0
#include "core/text/template_files.h"

#include <algorithm>
#include <stdexcept>

#include "core/text/read_file.h"

namespace gorgon {

namespace {

constexpr std::size_t kMaxTemplateBytes = std::size_t(1) << 20;
constexpr std::size_t kMaxTemplates = 64;
constexpr std::size_t kMaxTokenBytes = 1024;

bool isThere(const std::filesystem::path& path)
{
    std::error_code error;
    return std::filesystem::exists(path, error);
}

void add(std::vector<TemplateText>& texts, TemplateText text)
{
    const auto named = [&](const TemplateText& each) { return each.name == text.name; };
    if (texts.size() < kMaxTemplates && std::ranges::none_of(texts, named))
        texts.push_back(std::move(text));
}

// "chat_template": a text, or a list of {"name": ..., "template": ...}.
void addFromJson(std::vector<TemplateText>& texts, const std::filesystem::path& file)
{
    if (!isThere(file))
        return;
    const nlohmann::json object = readJsonObject(file);
    const auto at = object.find("chat_template");
    if (at == object.end() || at->is_null())
        return;
    if (at->is_string()) {
        add(texts, {"default", at->get<std::string>(), file});
        return;
    }
    if (!at->is_array())
        throw std::runtime_error(file.string()
            + ": expected chat_template to be a text or a list, found a " + at->type_name());
    for (const nlohmann::json& entry : *at) {
        const auto isText = [&](const char* key) {
            return entry.is_object() && entry.contains(key) && entry[key].is_string();
        };
        if (!isText("name") || !isText("template"))
            throw std::runtime_error(file.string()
                + ": expected name and template in each entry of chat_template, found another");
        add(texts, {entry["name"].get<std::string>(), entry["template"].get<std::string>(), file});
    }
}

void addFromFolder(std::vector<TemplateText>& texts, const std::filesystem::path& folder)
{
    std::error_code error;
    std::vector<std::filesystem::path> files;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error))
        if (at->path().extension() == ".jinja" && files.size() < kMaxTemplates)
            files.push_back(at->path());
    std::ranges::sort(files);
    for (const std::filesystem::path& file : files)
        add(texts, {file.stem().string(), readRegularFile(file, kMaxTemplateBytes), file});
}

} // namespace

std::vector<TemplateText> readTemplateFiles(const std::filesystem::path& folder)
{
    std::vector<TemplateText> texts;
    if (const auto file = folder / "chat_template.jinja"; isThere(file))
        texts.push_back({"default", readRegularFile(file, kMaxTemplateBytes), file});
    addFromJson(texts, folder / "tokenizer_config.json");
    addFromJson(texts, folder / "chat_template.json");
    addFromFolder(texts, folder / "additional_chat_templates");
    return texts;
}

SpecialTokens readSpecialTokens(const std::filesystem::path& folder)
{
    SpecialTokens tokens;
    for (const char* name : {"special_tokens_map.json", "tokenizer_config.json"}) {
        if (!isThere(folder / name))
            continue;
        const nlohmann::json object = readJsonObject(folder / name);
        for (const auto& [key, value] : object.items()) {
            if (!key.ends_with("_token"))
                continue;
            const nlohmann::json& text
                = value.is_object() && value.contains("content") ? value["content"] : value;
            if (text.is_string() && text.get_ref<const std::string&>().size() <= kMaxTokenBytes)
                tokens[key] = text.get<std::string>();
        }
    }
    return tokens;
}

} // namespace gorgon
