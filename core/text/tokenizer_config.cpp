// SPDX-License-Identifier: Apache-2.0
#include "core/text/tokenizer_config.h"

#include <charconv>
#include <cstdint>
#include <stdexcept>

#include "core/text/read_file.h"

namespace gorgon {

namespace {

constexpr int kMaxTokenId = 1 << 21;
constexpr std::size_t kMaxTokenBytes = 1024;

std::string tokenText(const nlohmann::json& value)
{
    if (value.is_string())
        return value.get<std::string>();
    if (value.is_object() && value.contains("content") && value["content"].is_string())
        return value["content"].get<std::string>();
    return {};
}

std::optional<bool> boolAt(const nlohmann::json& object, const char* key)
{
    const auto at = object.find(key);
    if (at == object.end() || !at->is_boolean())
        return std::nullopt;
    return at->get<bool>();
}

void addToken(TokenizerConfig& config, std::int64_t id, AddedToken token, const std::string& what)
{
    if (id < 0 || id >= kMaxTokenId)
        throw std::runtime_error(what + ": expected token ids from 0 to "
            + std::to_string(kMaxTokenId - 1) + ", found " + std::to_string(id));
    if (token.text.empty() || token.text.size() > kMaxTokenBytes)
        throw std::runtime_error(what + ": expected a text of 1 to "
            + std::to_string(kMaxTokenBytes) + " bytes for token " + std::to_string(id) + ", found "
            + std::to_string(token.text.size()));
    config.added_tokens[static_cast<int>(id)] = std::move(token);
}

// "added_tokens_decoder": {"32000": {"content": "<|im_end|>", "special": true}}
void readAddedTokens(TokenizerConfig& config, const nlohmann::json& object, const std::string& what)
{
    const auto added = object.find("added_tokens_decoder");
    if (added == object.end() || !added->is_object())
        return;
    for (const auto& [key, value] : added->items()) {
        int id = -1;
        const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
        if (error != std::errc() || end != key.data() + key.size())
            throw std::runtime_error(what + ": expected a token id in added_tokens_decoder, found '"
                + key.substr(0, 40) + "'");
        AddedToken token{tokenText(value), false};
        if (value.is_object()) {
            token.special = boolAt(value, "special").value_or(false);
            token.lstrip = boolAt(value, "lstrip").value_or(false);
            token.rstrip = boolAt(value, "rstrip").value_or(false);
            token.single_word = boolAt(value, "single_word").value_or(false);
            token.normalized = boolAt(value, "normalized").value_or(!token.special);
        }
        addToken(config, id, std::move(token), what);
    }
}

bool isThere(const std::filesystem::path& path)
{
    std::error_code error;
    return std::filesystem::exists(path, error);
}

} // namespace

TokenizerConfig readTokenizerConfig(const std::filesystem::path& folder)
{
    TokenizerConfig config;
    // Older folders list what was added as text to id.
    if (const auto path = folder / "added_tokens.json"; isThere(path)) {
        const nlohmann::json object = readJsonObject(path);
        for (const auto& [text, id] : object.items())
            addToken(config, id.is_number_integer() ? id.get<std::int64_t>() : -1, {text, true},
                path.string());
    }
    if (const auto path = folder / "special_tokens_map.json"; isThere(path)) {
        const nlohmann::json object = readJsonObject(path);
        config.bos_token = tokenText(object.value("bos_token", nlohmann::json()));
        config.eos_token = tokenText(object.value("eos_token", nlohmann::json()));
    }
    if (const auto path = folder / "tokenizer_config.json"; isThere(path)) {
        const nlohmann::json object = readJsonObject(path);
        config.add_bos_token = boolAt(object, "add_bos_token");
        config.legacy = boolAt(object, "legacy");
        if (auto text = tokenText(object.value("bos_token", nlohmann::json())); !text.empty())
            config.bos_token = std::move(text);
        if (auto text = tokenText(object.value("eos_token", nlohmann::json())); !text.empty())
            config.eos_token = std::move(text);
        config.tokenizer_class = tokenText(object.value("tokenizer_class", nlohmann::json()));
        readAddedTokens(config, object, path.string());
    }
    return config;
}

} // namespace gorgon
