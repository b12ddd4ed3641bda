// SPDX-License-Identifier: Apache-2.0
#include "tests/core/text/small_tokenizer_json.h"

#include <cstdio>

#include "core/text/byte_letters.h"

namespace gorgon::tests {

namespace {

nlohmann::json addedToken(int id, const std::string& text, bool special)
{
    return {{"id", id}, {"content", text}, {"special", special}, {"normalized", false},
        {"lstrip", false}, {"rstrip", false}, {"single_word", false}};
}

nlohmann::json pair(const char* left, const char* right)
{
    return nlohmann::json::array({left, right});
}

} // namespace

nlohmann::json byteLevelJson()
{
    nlohmann::json vocab = nlohmann::json::object();
    for (int byte = 0; byte < 256; ++byte)
        vocab[std::string(byteLetter(static_cast<unsigned char>(byte)))] = byte;
    int id = 256;
    for (const char* text : {"he", "ll", "hell", "hello", "\u0120w", "\u0120wo", "rl", "12"})
        vocab[text] = id++;
    nlohmann::json json;
    json["version"] = "1.0";
    json["added_tokens"] = {addedToken(264, "<|end|>", true), addedToken(265, "<tool>", false),
        addedToken(266, "  ", false)};
    json["normalizer"] = nullptr;
    json["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false},
        {"trim_offsets", true}, {"use_regex", true}};
    json["post_processor"] = nullptr;
    json["decoder"] = {{"type", "ByteLevel"}};
    json["model"] = {{"type", "BPE"}, {"dropout", nullptr}, {"unk_token", nullptr},
        {"fuse_unk", false}, {"byte_fallback", false}, {"ignore_merges", false}, {"vocab", vocab},
        {"merges", {"h e", "l l", "he ll", "hell o", "\u0120 w", "\u0120w o", "r l", "1 2"}}};
    return json;
}

nlohmann::json markedJson()
{
    nlohmann::json vocab = {{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}};
    int id = 3;
    for (int byte = 0; byte < 256; ++byte) {
        char text[8];
        std::snprintf(text, sizeof text, "<0x%02X>", static_cast<unsigned>(byte));
        vocab[text] = id++;
    }
    for (const char* text :
        {"\u2581", "h", "e", "l", "o", "w", "\u2581he", "ll", "\u2581hell", "\u2581hello", "he"})
        vocab[text] = id++;
    nlohmann::json json;
    json["added_tokens"]
        = {addedToken(0, "<unk>", true), addedToken(1, "<s>", true), addedToken(2, "</s>", true)};
    json["normalizer"] = {{"type", "Sequence"},
        {"normalizers",
            {{{"type", "Prepend"}, {"prepend", "\u2581"}},
                {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}}}}};
    json["pre_tokenizer"] = nullptr;
    json["post_processor"] = {{"type", "TemplateProcessing"},
        {"single",
            {{{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}},
                {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}}},
        {"special_tokens", {{"<s>", {{"id", "<s>"}, {"ids", {1}}, {"tokens", {"<s>"}}}}}}};
    json["decoder"] = {{"type", "Sequence"},
        {"decoders",
            {{{"type", "Replace"}, {"pattern", {{"String", "\u2581"}}}, {"content", " "}},
                {{"type", "ByteFallback"}}, {{"type", "Fuse"}},
                {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}}}};
    json["model"] = {{"type", "BPE"}, {"unk_token", "<unk>"}, {"fuse_unk", true},
        {"byte_fallback", true}, {"vocab", vocab},
        {"merges",
            nlohmann::json::array({pair("h", "e"), pair("\u2581", "he"), pair("l", "l"),
                pair("\u2581he", "ll"), pair("\u2581hell", "o")})}};
    return json;
}

std::shared_ptr<const Tokenizer> tokenizerOf(
    const nlohmann::json& json, const TokenizerConfig& config)
{
    return std::make_shared<BpeTokenizer>(
        parseTokenizerJson(json.dump(), "t.json"), config, "t.json");
}

std::string refusalOf(const std::string& bytes)
{
    try {
        const BpeTokenizer tokenizer(parseTokenizerJson(bytes, "t.json"), {}, "t.json");
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return {};
}

} // namespace gorgon::tests
