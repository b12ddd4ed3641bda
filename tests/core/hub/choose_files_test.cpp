// SPDX-License-Identifier: Apache-2.0
#include "core/hub/choose_files.h"

#include <doctest/doctest.h>

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
    CHECK(pickled.left_out == Names{"model-00001-of-00002.safetensors"});
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
