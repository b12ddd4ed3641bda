// SPDX-License-Identifier: Apache-2.0
#include "core/hub/choose_files.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace gorgon;

namespace {

std::vector<RemoteFile> listing(const std::vector<std::string>& paths)
{
    std::vector<RemoteFile> files;
    for (const std::string& path : paths)
        files.push_back({path, 10, std::string(40, 'a'), ""});
    return files;
}

std::vector<std::string> chosen(const std::vector<std::string>& paths)
{
    std::vector<std::string> names;
    for (const RemoteFile& file : chooseFiles(listing(paths)).files)
        names.push_back(file.path);
    return names;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("of a model its safetensors are fetched, with what its text needs")
{
    CHECK(chosen({".gitattributes", "README.md", "config.json", "generation_config.json",
              "model.safetensors", "model.onnx", "onnx/model.onnx", "pytorch_model.bin",
              "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "tf_model.h5",
              "model-q4.gguf", "original/consolidated.00.pth", "x/config.json"})
        == Names{"config.json", "generation_config.json", "tokenizer.json", "tokenizer.model",
            "tokenizer_config.json", "model.safetensors"});
    CHECK(chosen({"additional_chat_templates/tool_use.jinja", "chat_template.jinja",
              "additional_chat_templates/a/b.jinja", "model.safetensors"})
        == Names{"additional_chat_templates/tool_use.jinja", "chat_template.jinja",
            "model.safetensors"});
}

TEST_CASE("shards come with their index, and never beside the same weights in another format")
{
    CHECK(chosen({"config.json", "model-00001-of-00002.safetensors",
              "model-00002-of-00002.safetensors", "model.safetensors.index.json",
              "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin",
              "pytorch_model.bin.index.json", "consolidated.safetensors",
              "model.fp16-00001-of-00002.safetensors"})
        == Names{"config.json", "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors", "model.safetensors.index.json"});
    const ChosenFiles pickled = chooseFiles(listing(
        {"config.json", "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin",
            "pytorch_model.bin.index.json", "model-00001-of-00002.safetensors"}));
    CHECK(pickled.has_pickle);
    CHECK(pickled.files.size() == 4);
    CHECK(pickled.pathsWithoutWeights() == Names{"config.json"});
    CHECK(pickled.left_out == Names{"model-00001-of-00002.safetensors"});
}

TEST_CASE("of a hundred thousand templates or shards as many as a model has are taken, at once")
{
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::string> templates = {"model.safetensors"};
    std::vector<std::string> shards = {"model.safetensors.index.json"};
    for (int i = 1; i < 100'000; ++i) {
        const std::string number = std::to_string(1'000'000 + i);
        templates.push_back("additional_chat_templates/" + number + ".jinja");
        shards.push_back("model-" + number + "-of-99999.safetensors");
    }
    const ChosenFiles few = chooseFiles(listing(templates));
    CHECK(few.problem.empty());
    CHECK(few.files.size() == kMaxTemplates + 1);
    CHECK(few.files.front().path == "additional_chat_templates/1000001.jinja");
    CHECK(few.files.size() + few.left_out.size() == templates.size());
    const ChosenFiles none = chooseFiles(listing(shards));
    CHECK(none.problem
        == "weights in at most 1000 shards were expected, found 99999; choose another model");
    CHECK(!none.has_weights);
    CHECK(none.files.empty());
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));

    shards.resize(1);
    for (int i = 1; i <= 1000; ++i)
        shards.push_back("model-" + std::to_string(i) + "-of-01000.safetensors");
    CHECK(chooseFiles(listing(shards)).files.size() == 1001);
}

TEST_CASE("heads are fetched as safetensors where there are any")
{
    CHECK(chosen({"config.json", "medusa_lm_head.pt", "medusa_lm_head.safetensors"})
        == Names{"config.json", "medusa_lm_head.safetensors"});
    const ChosenFiles heads
        = chooseFiles(listing({"config.json", "medusa_lm_head.pt", "train.log"}));
    CHECK(heads.has_heads);
    CHECK(heads.has_pickle);
    CHECK(!heads.has_weights);
    CHECK(heads.bytes() == 20);
    const ChosenFiles both = chooseFiles(listing({"model.safetensors", "medusa_lm_head.pt"}));
    CHECK((both.has_weights && both.has_heads));
}

TEST_CASE("a repository of which nothing runs here says what it holds")
{
    CHECK(chooseFiles(listing({"model.gguf", "b.gguf"})).problem.find("2 .gguf")
        != std::string::npos);
    CHECK(chooseFiles(listing({"README.md"})).problem.find("no weights") != std::string::npos);
    CHECK(!chooseFiles(listing({"model-00001-of-00002.safetensors"})).problem.empty());
    CHECK(
        !chooseFiles(listing({"model-00001-of-00002.safetensors", "model.safetensors.index.json"}))
             .problem.empty());
    CHECK(!chooseFiles({}).problem.empty());
    CHECK(chooseFiles(listing({"model.safetensors"})).problem.empty());
}
