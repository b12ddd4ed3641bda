// SPDX-License-Identifier: Apache-2.0
// Damaged and hostile tokenizer.json files: one sentence that names the field.
#include <doctest/doctest.h>

#include <functional>

#include "core/text/read_file.h"
#include "tests/core/text/small_tokenizer_json.h"
#include "tests/core/text/support.h"
#include "tests/support/paths.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

std::string refusalOfChange(const std::function<void(nlohmann::json&)>& change)
{
    nlohmann::json json = byteLevelJson();
    change(json);
    return refusalOf(json.dump());
}

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("the small files themselves are taken")
{
    CHECK(refusalOf(byteLevelJson().dump()).empty());
    CHECK(refusalOf(markedJson().dump()).empty());
    // Order is free.
    CHECK(refusalOf(R"({"decoder":{"type":"Fuse"},"model":{"merges":[["a","b"]],)"
                    R"("vocab":{"a":0,"ab":1,"b":2},"type":"BPE"}})")
              .empty());
}

TEST_CASE("what a field may not hold is refused with the field's name")
{
    const auto check = [](const char* part, const std::function<void(nlohmann::json&)>& change) {
        const std::string refusal = refusalOfChange(change);
        CAPTURE(refusal);
        CHECK(has(refusal, std::string("t.json: ") + part));
        CHECK(has(refusal, "expected"));
        CHECK(has(refusal, "found"));
        CHECK(refusal.find('\n') == std::string::npos);
    };
    check("model: expected a field \"type\"", [](auto& j) { j["model"].erase("type"); });
    check("model: expected a type \"BPE\"", [](auto& j) { j["model"]["type"] = "WordPiece"; });
    check("model.vocab", [](auto& j) { j["model"]["vocab"] = {{"a", 1}}; });
    check("model.vocab", [](auto& j) { j["model"]["vocab"] = nlohmann::json::object(); });
    check("model.vocab", [](auto& j) { j["model"]["vocab"]["x1"] = 5; });
    check("model.vocab", [](auto& j) { j["model"]["vocab"]["x1"] = -1; });
    check("model.vocab", [](auto& j) { j["model"]["vocab"]["x1"] = 1.5; });
    check("model.vocab", [](auto& j) { j["model"]["vocab"]["x1"] = "1"; });
    check("model.vocab", [](auto& j) { j["model"]["vocab"]["x1"] = 10'000'000; });
    check("model.vocab", [](auto& j) { j["model"]["vocab"]["x1"] = 1ULL << 40; });
    check("model.vocab", [](auto& j) { j["model"]["vocab"]["x1"] = nlohmann::json::object(); });
    check("model.vocab", [](auto& j) { j["model"]["vocab"]["x1"] = 400; });
    check("model.vocab", [](auto& j) { j["model"]["vocab"][std::string(5000, 'x')] = 264; });
    check("model.vocab", [](auto& j) { j["model"]["vocab"] = {{{"a", 0.5}}}; });
    check("model.vocab", [](auto& j) { j["model"]["vocab"] = 3; });
    check("model.merges[8]", [](auto& j) { j["model"]["merges"].push_back("q zz"); });
    check("model.merges[8]", [](auto& j) { j["model"]["merges"].push_back("a b"); });
    check("model.merges", [](auto& j) { j["model"]["merges"].push_back("ab"); });
    check("model.merges", [](auto& j) { j["model"]["merges"].push_back("a b c"); });
    check("model.merges", [](auto& j) { j["model"]["merges"].push_back(1); });
    check("model.merges", [](auto& j) { j["model"]["merges"].push_back({"a"}); });
    check("model.merges", [](auto& j) { j["model"]["merges"].push_back({"a", "b", "c"}); });
    check("model.merges", [](auto& j) { j["model"]["merges"].push_back({"a", {"b"}}); });
    check("model.merges", [](auto& j) { j["model"]["merges"] = {{"a", "b"}, 3}; });
    check("model.unk_token", [](auto& j) { j["model"]["unk_token"] = "<unk>"; });
    check("model.dropout", [](auto& j) { j["model"]["dropout"] = 0.1; });
    check("model.end_of_word_suffix", [](auto& j) { j["model"]["end_of_word_suffix"] = "</w>"; });
    check("model.continuing_subword_prefix",
        [](auto& j) { j["model"]["continuing_subword_prefix"] = "##"; });
    check("model.byte_fallback", [](auto& j) { j["model"]["byte_fallback"] = 1; });
    check("model: expected an object", [](auto& j) { j["model"] = {1, 2}; });
    check("model: expected an object", [](auto& j) { j["model"] = 7; });
    check("model", [](auto& j) { j.erase("model"); });
    check("added_tokens", [](auto& j) { j["added_tokens"][0]["id"] = 3; });
    check("added_tokens", [](auto& j) { j["added_tokens"][1]["id"] = 264; });
    check("added_tokens", [](auto& j) { j["added_tokens"][1]["content"] = "<|end|>"; });
    check("added_tokens", [](auto& j) { j["added_tokens"][1]["content"] = "he"; });
    check("added_tokens", [](auto& j) { j["added_tokens"][1]["id"] = 2'000'000; });
    check("added_tokens[1].id", [](auto& j) { j["added_tokens"][1]["id"] = 1 << 22; });
    check("added_tokens[1].id", [](auto& j) { j["added_tokens"][1]["id"] = -1; });
    check("added_tokens[1]", [](auto& j) { j["added_tokens"][1]["content"] = ""; });
    check("added_tokens[1]", [](auto& j) { j["added_tokens"][1] = 1; });
    check("added_tokens[1].special", [](auto& j) { j["added_tokens"][1]["special"] = "yes"; });
    check("normalizer", [](auto& j) { j["normalizer"] = {{"type", "Precompiled"}}; });
    check("normalizer.pattern", [](auto& j) {
        j["normalizer"] = {{"type", "Replace"}, {"pattern", {{"Glob", "*"}}}, {"content", ""}};
    });
    check("pre_tokenizer", [](auto& j) { j["pre_tokenizer"] = {{"type", "BertPreTokenizer"}}; });
    check("pre_tokenizer.pretokenizers[1]", [](auto& j) {
        j["pre_tokenizer"] = {{"type", "Sequence"},
            {"pretokenizers", {{{"type", "ByteLevel"}}, {{"type", "Digits"}}}}};
    });
    check("pre_tokenizer.behavior", [](auto& j) {
        j["pre_tokenizer"]
            = {{"type", "Split"}, {"pattern", {{"String", " "}}}, {"behavior", "Sideways"}};
    });
    check("decoder", [](auto& j) { j["decoder"] = {{"type", "CTC"}}; });
    check("decoder", [](auto& j) { j["decoder"] = nullptr; });
    check("decoder", [](auto& j) { j["decoder"] = {{"type", "Metaspace"}}; });
    check("decoder", [](auto& j) { j["decoder"] = "ByteLevel"; });
    check("post_processor", [](auto& j) { j["post_processor"] = {{"type", "BertProcessing"}}; });
    check("post_processor.single", [](auto& j) {
        j["post_processor"] = {{"type", "TemplateProcessing"}, {"single", 1}};
    });
    check("post_processor.special_tokens.<s>.ids", [](auto& j) {
        j["post_processor"]
            = {{"type", "TemplateProcessing"}, {"single", {{{"SpecialToken", {{"id", "<s>"}}}}}},
                {"special_tokens", {{"<s>", {{"ids", {99999}}}}}}};
    });
}

TEST_CASE("bytes that are no such file are refused")
{
    for (const std::string& bytes : {std::string(), std::string("{"), std::string("[]"),
             std::string("3"), std::string("{} x"), std::string("{\"model\":{}}"),
             std::string("{\"model\":{\"type\":\"BPE\"},\"model\":{\"type\":\"BPE\"}}"),
             std::string("{\"a\":1,\"a\":2}"), std::string("{\"a\":{\"b\":1,\"b\":2}}"),
             std::string("{\"a\":\"\xFF\"}"), std::string("{\"a\":\"\\ud800\"}"),
             std::string("{\"a\":1e999}")})
    {
        CAPTURE(bytes);
        CHECK(has(refusalOf(bytes), "t.json: "));
    }
    CHECK(has(refusalOf("{\"a\":" + std::string(100'000, '[')), "levels"));
    CHECK(has(refusalOf("{\"model\":{\"merges\":" + std::string(100'000, '[')), "model.merges"));
    std::string twice = byteLevelJson().dump();
    twice.insert(twice.find("\"vocab\":{") + 9, "\"h\":300,");
    CHECK(has(refusalOf(twice), "model.vocab"));
}

TEST_CASE("every cut of a file is refused")
{
    const std::string bytes = markedJson().dump();
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(refusalOf(bytes.substr(0, size)).empty());
}

TEST_CASE("hostile patterns are refused or give up")
{
    const auto with = [](const std::string& expression) {
        nlohmann::json json = byteLevelJson();
        json["pre_tokenizer"] = {{"type", "Sequence"},
            {"pretokenizers",
                {{{"type", "Split"}, {"pattern", {{"Regex", expression}}},
                     {"behavior", "Isolated"}},
                    {{"type", "ByteLevel"}, {"use_regex", false}}}}};
        return json;
    };
    for (const char* expression : {"(", "[", "a{2}+", "(?R)", "(?1)", "(*FAIL)", "\\1", "\\K",
             "[a[b]]", "[a&&b]", "\\p{Nonsense}", "\\", "", "(?C1)", "\\Q", "[\\W]"})
    {
        CAPTURE(expression);
        CHECK(has(refusalOf(with(expression).dump()), "pattern.Regex"));
    }
    CHECK(has(refusalOf(with(std::string(70'000, 'a')).dump()), "pattern.Regex"));
    CHECK_THROWS_WITH_AS(tokenizerOf(with("(a+)+b|(a|aa)+c"))->encode(std::string(3000, 'a')),
        doctest::Contains("quickly"), std::runtime_error);
}

TEST_CASE("the malformed files of others are refused in a sentence that names the file")
{
    for (const std::string name : {"tj_merge_of_unknown_token", "tj_not_json", "spm_truncated"}) {
        if (!sharedHas("fixtures/malformed/" + name))
            continue;
        CAPTURE(name);
        const auto folder = sharedFolder() / "fixtures/malformed" / name;
        CHECK_THROWS_WITH_AS(
            loadTokenizer(folder), doctest::Contains(folder.string().c_str()), std::runtime_error);
    }
}

TEST_CASE("older folders of vocab.json and merges.txt are read as their tokenizer_class says")
{
    const nlohmann::json json = byteLevelJson();
    std::string merges = "#version: 0.2\n";
    for (const auto& merge : json["model"]["merges"])
        merges += merge.get<std::string>() + "\n";
    const TemporaryFolder folder;
    folder.write("vocab.json", json["model"]["vocab"].dump());
    folder.write("merges.txt", merges);
    CHECK_THROWS_WITH_AS(
        loadTokenizer(folder.path()), doctest::Contains("tokenizer_class"), std::runtime_error);
    folder.write("tokenizer_config.json",
        R"({"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|end|>",
            "added_tokens_decoder": {"264": {"content": "<|end|>", "special": true}}})");
    const auto tokenizer = loadTokenizer(folder.path());
    CHECK(tokenizer->eosToken() == 264);
    CHECK_FALSE(tokenizer->addsBos());
    CHECK(tokenizer->encodeWithControls("hello wo12<|end|>")
        == std::vector<int>{259, 261, '1', '2', 264});
    folder.write("tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer"})");
    CHECK(loadTokenizer(folder.path())->encode("12") == std::vector<int>{263});
    folder.write("merges.txt", merges + "h\n");
    CHECK_THROWS_WITH_AS(
        loadTokenizer(folder.path()), doctest::Contains("merges.txt"), std::runtime_error);
    folder.write("merges.txt", merges + "h zz\n");
    CHECK_THROWS_WITH_AS(
        loadTokenizer(folder.path()), doctest::Contains("merges[8]"), std::runtime_error);
}

TEST_CASE("tokenizer.json is read where tokenizer.model lies beside it")
{
    const TemporaryFolder folder;
    folder.write("tokenizer.model", modelBytes(smallModel()));
    CHECK(
        loadTokenizer(folder.path())->vocabSize() == static_cast<int>(smallModel().pieces.size()));
    folder.write("tokenizer.json", byteLevelJson().dump());
    CHECK(loadTokenizer(folder.path())->vocabSize() == 267);
}
