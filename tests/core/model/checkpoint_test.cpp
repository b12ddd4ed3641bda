// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/model/checkpoint.h"
#include "tests/support/paths.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/torch_writer.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

class Fixture
{
public:
    Fixture()
    {
        m_folder.write(
            "one.safetensors", safetensorsOf({floatTensor("a", {2}), floatTensor("b", {3})}));
        m_folder.write("two.safetensors", safetensorsOf({floatTensor("c", {4})}));
    }
    std::string refuse(const std::string& weight_map)
    {
        return refuseText("{\"metadata\":{\"total_size\":36},\"weight_map\":" + weight_map + "}");
    }
    std::string refuseText(const std::string& index)
    {
        m_folder.write("model.safetensors.index.json", index);
        try {
            Checkpoint::openFolder(m_folder.path());
            return "";
        } catch (const std::runtime_error& error) {
            CHECK(std::string(error.what()).find('\n') == std::string::npos);
            return error.what();
        }
    }
    const ScratchFolder& folder() const { return m_folder; }

private:
    ScratchFolder m_folder;
};

const std::string kSound = R"({"a":"one.safetensors","b":"one.safetensors","c":"two.safetensors"})";

std::string with(const std::string& tensor, const std::string& file)
{
    nlohmann::json map = nlohmann::json::parse(kSound);
    map[tensor] = file;
    return map.dump();
}

} // namespace

TEST_CASE_FIXTURE(Fixture, "An index joins its files")
{
    CHECK(refuse(kSound) == "");
    const Checkpoint checkpoint = Checkpoint::openFolder(folder().path());
    CHECK(checkpoint.tensors().size() == 3);
    CHECK(checkpoint.files().size() == 2);
    CHECK(checkpoint.find("c").file->path().filename() == "two.safetensors");
    CHECK(!checkpoint.find("d"));
}

TEST_CASE_FIXTURE(Fixture, "Files outside the folder or absent are refused")
{
    for (const std::string& name : {std::string("../one.safetensors"),
             std::string("../../etc/hostname"), std::string("/etc/hostname"),
             (folder().path() / "one.safetensors").string(), std::string("."), std::string(".."),
             std::string(""), std::string("sub/one.safetensors"), std::string("..\\x"),
             std::string("C:\\x"), std::string("one.safetensors/"),
             std::string("one.safetensors\0", 16), std::string(300, 'x')})
    {
        CAPTURE(name);
        CHECK(refuse(with("c", name)).find("same folder") != std::string::npos);
    }
    CHECK(refuse(with("c", "three.safetensors")).find("listed but not there") != std::string::npos);
    std::filesystem::create_directory(folder().path() / "dir");
    CHECK(refuse(with("c", "dir")).find("folder") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "A tensor lies in exactly the file that the index says")
{
    CHECK(refuse(with("c", "one.safetensors")).find("\"c\"") != std::string::npos);
    CHECK(refuse(with("a", "two.safetensors")).find("it is in \"one.safetensors\"")
        != std::string::npos);
    CHECK(refuse(with("d", "two.safetensors")).find("in no file") != std::string::npos);
    folder().write(
        "three.safetensors", safetensorsOf({floatTensor("a", {2}), floatTensor("d", {1})}));
    CHECK(refuse(with("d", "three.safetensors")).find("also in") != std::string::npos);
    folder().write("TWO.safetensors", safetensorsOf({floatTensor("d", {1})}));
    CHECK(refuse(with("d", "TWO.safetensors")).find("case alone") != std::string::npos);
    folder().write("three.safetensors", "damaged");
    CHECK(refuse(with("d", "three.safetensors")).find("three.safetensors") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "A broken index is refused")
{
    for (const char* map : {"{}", "[]", "null", "3", "\"x\"", R"({"a":1})", R"({"a":null})",
             R"({"a":["x"]})", R"({"a":"one.safetensors","a":"one.safetensors"})"})
    {
        CAPTURE(map);
        CHECK(refuse(map) != "");
    }
    CHECK(refuseText("{}") != "");
    CHECK(refuseText("") != "");
    CHECK(refuseText("[]") != "");
    nlohmann::json many;
    for (int i = 0; i < 513; ++i)
        many["t" + std::to_string(i)] = "file" + std::to_string(i);
    CHECK(refuse(many.dump()).find("at most") != std::string::npos);
}

TEST_CASE("Weights under other names are said")
{
    const auto refusal = [](const std::string& name) -> std::string {
        const ScratchFolder folder;
        folder.write(name, "x");
        try {
            Checkpoint::openFolder(folder.path());
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "";
    };
    const auto has = [](const std::string& text, const std::string& part) {
        INFO(text);
        return text.find(part) != std::string::npos;
    };
    CHECK(has(refusal("model-00001-of-00003.safetensors"),
        "their index model.safetensors.index.json does not"));
    CHECK(has(refusal("pytorch_model-00001-of-00002.bin"),
        "their index pytorch_model.bin.index.json does not"));
    CHECK(has(refusal("tiny.gguf"), "a GGUF file lies here (tiny.gguf)"));
    CHECK(has(refusal("notes.txt"), "none was found"));
}

TEST_CASE("A folder may hold torch archives, one or many")
{
    const ScratchFolder folder;
    CHECK(!Checkpoint::isIn(folder.path()));
    CHECK_THROWS_WITH_AS(Checkpoint::openFolder(folder.path()),
        doctest::Contains("model.safetensors"), std::runtime_error);
    folder.write("pytorch_model-1.bin", torchOf({floatTensor("a", {2})}));
    folder.write("pytorch_model-2.bin", torchOf({floatTensor("b", {2})}));
    folder.write("pytorch_model.bin.index.json",
        R"({"weight_map":{"a":"pytorch_model-1.bin","b":"pytorch_model-2.bin"}})");
    CHECK(Checkpoint::openFolder(folder.path()).tensors().size() == 2);
    folder.write("pytorch_model.bin", torchOf({floatTensor("c", {2})}));
    CHECK(bool(Checkpoint::openFolder(folder.path()).find("c")));
    folder.write("model.safetensors", safetensorsOf({floatTensor("d", {2})}));
    CHECK(bool(Checkpoint::openFolder(folder.path()).find("d")));
}
