// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/model/heads_file.h"
#include "core/model/stored_values.h"
#include "kernels/step_state.h"
#include "tests/support/paths.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/torch_writer.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

/// n_heads heads of width 4 with n_blocks blocks and, with vocab > 0, a matrix of that many rows.
std::vector<WrittenTensor> headTensors(
    int n_heads, int n_blocks, int64_t vocab, const std::string& prefix = "")
{
    std::vector<WrittenTensor> tensors;
    for (int i = 0; i < n_heads; ++i) {
        const std::string head = prefix + std::to_string(i) + ".";
        for (int j = 0; j < n_blocks; ++j) {
            tensors.push_back(floatTensor(head + std::to_string(j) + ".linear.weight", {4, 4}));
            tensors.push_back(floatTensor(head + std::to_string(j) + ".linear.bias", {4}));
        }
        if (vocab > 0)
            tensors.push_back(floatTensor(head + std::to_string(n_blocks) + ".weight", {vocab, 4}));
    }
    return tensors;
}

class Fixture
{
public:
    StoredHeads open(const std::vector<WrittenTensor>& tensors)
    {
        return openHeads(m_folder.write("medusa_lm_head.safetensors", safetensorsOf(tensors)));
    }
    std::string refuse(const std::vector<WrittenTensor>& tensors)
    {
        try {
            open(tensors);
            return "";
        } catch (const std::runtime_error& error) {
            return error.what();
        }
    }
    const ScratchFolder& folder() const { return m_folder; }

private:
    ScratchFolder m_folder;
};

std::vector<WrittenTensor> without(std::vector<WrittenTensor> tensors, const std::string& name)
{
    const size_t before = tensors.size();
    std::erase_if(tensors, [&](const WrittenTensor& tensor) { return tensor.name == name; });
    REQUIRE(tensors.size() + 1 == before);
    return tensors;
}

std::vector<WrittenTensor> withShape(
    std::vector<WrittenTensor> tensors, const std::string& name, const std::vector<int64_t>& shape)
{
    for (WrittenTensor& tensor : tensors)
        if (tensor.name == name)
            tensor = floatTensor(name, shape);
    return tensors;
}

bool says(const std::string& message, const std::string& what)
{
    INFO(message);
    return message.find(what) != std::string::npos;
}

} // namespace

TEST_CASE_FIXTURE(Fixture, "Heads are counted from their tensors, whatever config.json states")
{
    folder().write("config.json",
        R"({"medusa_num_heads": 2, "medusa_num_layers": 1, "base_model_name_or_path": "lmsys/vicuna-7b"})");
    for (const int n_heads : {1, 3, 5, 11, kMaxHeads})
        for (const int n_blocks : {0, 1, 2})
            for (const int64_t vocab : {0, 6}) {
                if (n_blocks == 0 && vocab == 0)
                    continue;
                const StoredHeads heads = open(headTensors(n_heads, n_blocks, vocab));
                CHECK(heads.heads.size() == size_t(n_heads));
                CHECK(heads.n_blocks == n_blocks);
                CHECK(heads.own_vocab == (vocab > 0));
                CHECK(heads.vocab_rows == vocab);
                CHECK(heads.width == 4);
                CHECK(heads.stated.heads == 2);
                CHECK(heads.stated.blocks == 1);
                CHECK(heads.stated.base == "lmsys/vicuna-7b");
            }
    folder().write("config.json", "broken");
    CHECK(!open(headTensors(1, 1, 0)).stated.heads);
}

TEST_CASE_FIXTURE(Fixture, "Heads without bias or with the prefix of a full model are read")
{
    CHECK(open(headTensors(3, 1, 6, "medusa_head.")).heads.size() == 3);
    const StoredHeads heads
        = open(without(without(headTensors(2, 1, 6), "0.0.linear.bias"), "1.0.linear.bias"));
    CHECK(!heads.heads[0].blocks[0].bias);
    CHECK(heads.heads[0].blocks[0].weight);
    CHECK(!heads.in_full_model);

    // A base model's own tensors do not disturb, even where they look like heads.
    std::vector<WrittenTensor> full = headTensors(2, 1, 6, "medusa_head.");
    full.push_back(floatTensor("model.norm.weight", {4}));
    full.push_back(floatTensor("7.weight", {4}));
    CHECK(open(full).heads.size() == 2);
    CHECK(open(full).in_full_model);
}

TEST_CASE_FIXTURE(Fixture, "Gaps and shapes that do not fit are one sentence")
{
    const auto one = headTensors(3, 1, 6);
    const auto two = headTensors(3, 2, 6);
    CHECK(says(refuse(without(
                   without(without(one, "1.0.linear.weight"), "1.0.linear.bias"), "1.1.weight")),
        "head 1 of 3 is missing"));
    CHECK(says(refuse(without(one, "1.0.linear.weight")), "1.0.linear.weight is missing"));
    CHECK(says(
        refuse(without(one, "1.1.weight")), "head 1 has no vocabulary matrix, head 0 has one"));
    CHECK(says(
        refuse(without(one, "0.1.weight")), "head 1 has a vocabulary matrix, head 0 has none"));
    CHECK(says(refuse(without(without(two, "2.1.linear.weight"), "2.1.linear.bias")),
        "head 2 has 1 blocks"));
    CHECK(says(refuse(without(without(two, "0.0.linear.weight"), "0.0.linear.bias")), "missing"));
    CHECK(says(refuse(withShape(one, "1.0.linear.weight", {4, 5})), "square"));
    CHECK(says(refuse(withShape(one, "1.0.linear.weight", {5, 5})), "[4, 4]"));
    CHECK(says(refuse(withShape(one, "1.0.linear.weight", {16})), "square"));
    CHECK(says(refuse(withShape(one, "0.0.linear.weight", {0, 0})), "square"));
    CHECK(says(refuse(withShape(one, "1.0.linear.bias", {5})), "[4]"));
    CHECK(says(refuse(withShape(one, "1.0.linear.bias", {4, 1})), "[4]"));
    CHECK(says(refuse(withShape(one, "2.1.weight", {7, 4})), "[6, 4]"));
    CHECK(says(refuse(withShape(one, "2.1.weight", {6, 5})), "[6, 4]"));
    CHECK(says(refuse(withShape(one, "0.1.weight", {6})), "matrix"));
    CHECK(says(refuse(withShape(one, "0.1.weight", {0, 4})), "matrix"));

    auto edited = one;
    edited[0].dtype = "I32";
    CHECK(says(refuse(edited), "should be F32, BF16 or F16, it is I32"));
    edited = one;
    edited.push_back(floatTensor("0.3.weight", {6, 4}));
    CHECK(says(refuse(edited), "two vocabulary matrices"));
    edited = without(one, "0.1.weight");
    edited.push_back(floatTensor("0.3.weight", {6, 4}));
    CHECK(says(refuse(edited), "0.1.weight"));
    edited = one;
    edited.push_back(floatTensor("blocks.0.layers.0.weight", {4, 4}));
    CHECK(says(refuse(edited), "is named as in vLLM"));
    edited = one;
    edited.push_back(floatTensor("medusa_head.0.0.linear.weight", {4, 4}));
    CHECK(refuse(edited) != "");
    edited = one;
    edited.push_back(floatTensor("32.0.linear.weight", {4, 4}));
    CHECK(says(refuse(edited), "at most 32 heads"));
    edited = one;
    edited.push_back(floatTensor("0.99999.linear.weight", {4, 4}));
    CHECK(says(refuse(edited), "blocks"));
    for (const char* name : {"model.norm.weight", "a.0.linear.weight", "0..linear.weight",
             "0.0.linear", "0.0", "-1.0.linear.weight", "99999999999.0.linear.weight",
             "00.0.linear.weight", "0.0.linear.weight.x"})
        CHECK(says(refuse({floatTensor(name, {4, 4})}), "there are none"));
    CHECK(says(refuse({}), "there are none"));
}

TEST_CASE_FIXTURE(Fixture, "Every naming is read: vLLM, TensorRT-LLM, ModelOpt")
{
    const auto renamed = [](std::vector<WrittenTensor> tensors, HeadsNaming naming,
                             const std::string& prefix = "") {
        for (WrittenTensor& tensor : tensors) {
            HeadKey key = *parseHeadName(tensor.name);
            key.naming = naming;
            tensor.name = prefix + headTensorName(key);
        }
        return tensors;
    };
    for (const int n_blocks : {0, 1, 2})
        for (const auto& [naming, prefix] :
            {std::pair(HeadsNaming::vllm, ""), std::pair(HeadsNaming::vllm, "medusa_heads."),
                std::pair(HeadsNaming::tensorrt, "medusa_heads."),
                std::pair(HeadsNaming::medusa, "medusa_heads.")})
        {
            const auto plain = headTensors(3, n_blocks, 6);
            const StoredHeads heads = open(renamed(plain, naming, prefix));
            const StoredHeads expected
                = openHeads(folder().write("plain.safetensors", safetensorsOf(plain)));
            CHECK(heads.naming == naming);
            CHECK(heads.heads.size() == 3);
            CHECK(heads.n_blocks == n_blocks);
            CHECK(heads.own_vocab);
            CHECK(!heads.one_vocab);
            CHECK(heads.unknown.empty());
            for (size_t i = 0; i < 3; ++i) {
                CHECK(sameValues(heads.heads[i].vocab, expected.heads[i].vocab));
                for (size_t j = 0; j < size_t(n_blocks); ++j) {
                    const auto& block = heads.heads[i].blocks[j];
                    CHECK(sameValues(block.weight, expected.heads[i].blocks[j].weight));
                    CHECK(sameValues(block.bias, expected.heads[i].blocks[j].bias));
                }
            }
        }
    CHECK(!open(renamed(headTensors(2, 1, 0), HeadsNaming::vllm)).own_vocab);
}

TEST_CASE_FIXTURE(Fixture, "One matrix for all heads, as vLLM has it")
{
    auto tensors = std::vector{floatTensor("blocks.0.layers.0.weight", {4, 4}),
        floatTensor("blocks.1.layers.0.weight", {4, 4}), floatTensor("lm_head.weight", {6, 4})};
    for (const char* name : {"lm_head.weight", "lm_heads.0.weight"}) {
        tensors.back().name = name;
        const StoredHeads heads = open(tensors);
        CHECK(heads.one_vocab);
        CHECK(heads.own_vocab);
        CHECK(heads.heads[1].vocab.info == heads.heads[0].vocab.info);
        CHECK(heads.vocab_rows == 6);
        CHECK(!heads.heads[1].blocks[0].bias);
    }
    // The base's own matrix is held once.
    StoredHeads heads = open(tensors);
    const auto other = [&](float first) {
        return Checkpoint::openFile(folder().write(
            "base.safetensors", safetensorsOf({floatTensor("lm_head.weight", {6, 4}, first)})));
    };
    dropBaseVocab(heads, other(1).find("lm_head.weight"));
    CHECK(heads.own_vocab);
    const Checkpoint base = other(0);
    dropBaseVocab(heads, base.find("lm_head.weight"));
    CHECK(!heads.own_vocab);
    CHECK(!heads.heads[0].vocab);
    CHECK(heads.vocab_rows == 0);

    // lm_head.weight means nothing beside heads that are named otherwise.
    auto medusa = headTensors(2, 1, 0);
    medusa.push_back(floatTensor("lm_head.weight", {6, 4}));
    CHECK(!open(medusa).own_vocab);
    CHECK(open(medusa).unknown == std::vector<std::string>{"lm_head.weight"});
    CHECK(says(refuse({floatTensor("lm_head.weight", {6, 4})}), "there are none"));
    CHECK(says(refuse(without(tensors, "blocks.0.layers.0.weight")), "head 0 of 2 is missing"));
}

TEST_CASE_FIXTURE(Fixture, "A truncated vocabulary is told from a whole one")
{
    const auto with_map = [](const char* dtype, const std::vector<int64_t>& shape, size_t bytes) {
        return std::vector{floatTensor("blocks.0.layers.0.weight", {4, 4}),
            floatTensor("lm_heads.0.weight", {6, 4}),
            WrittenTensor{"token_map", dtype, shape, std::string(bytes, '\0')}};
    };
    const StoredHeads heads = open(with_map("I64", {6}, 48));
    CHECK(heads.isTruncated());
    ModelConfig base;
    base.dim = 4;
    base.vocab_size = 40;
    CHECK(says(headsMismatch(heads, base), "draft from 6 tokens only (token_map)"));
    CHECK(!open(with_map("I64", {5}, 40)).isTruncated());
    CHECK(says(refuse(with_map("I64", {7}, 56)), "token_map lists 7 tokens"));
    CHECK(says(refuse(with_map("F32", {6}, 24)), "token_map should be a list"));
    CHECK(says(refuse(with_map("I64", {6, 1}, 48)), "token_map should be a list"));
}

TEST_CASE("Names are read and written alike")
{
    for (const HeadsNaming naming : {HeadsNaming::medusa, HeadsNaming::vllm, HeadsNaming::tensorrt})
        for (const auto part : {HeadKey::Part::weight, HeadKey::Part::bias, HeadKey::Part::vocab})
            for (const int head : {0, 7, 12})
                for (const int block : {0, 1, 10}) {
                    const HeadKey key{naming, part, head, block};
                    const auto read = parseHeadName(headTensorName(key));
                    REQUIRE(read);
                    CHECK(read->naming == naming);
                    CHECK(read->part == part);
                    CHECK(read->head == head);
                    if (part != HeadKey::Part::vocab)
                        CHECK(read->block == block);
                }
    for (const char* name : {"", ".", "0", "0.", "0.0", "0.0.", "0.0.linear", "0.0.linear.",
             "0.0.linear.weight.", "0.0.bias", "0.lm_head.bias", "0.lm_heads.weight",
             "0.medusa_layers.0.weight", "0.medusa_layers.linear.weight", "blocks.0.weight",
             "blocks.0.layers.0.linear.weight", "blocks..layers.0.weight", "lm_heads.weight",
             "lm_heads.0.bias", "lm_heads.00.weight", "lm_head.bias", "token_map.weight",
             "0x.0.linear.weight", "+1.0.linear.weight", "1e1.0.linear.weight"})
        CHECK_MESSAGE(!parseHeadName(name), name);
}

TEST_CASE("Statements of config.json are read whatever they are")
{
    const ScratchFolder folder;
    const auto read = [&](const char* text) {
        folder.write("config.json", text);
        return readHeadsStatement(folder.path());
    };
    CHECK(!readHeadsStatement(folder.path()).is_there);
    CHECK(read("[]").problem != "");
    CHECK(read("{").problem != "");
    const HeadsStatement odd = read(
        R"({"medusa_num_heads": "5", "medusa_num_layers": 1.5, "version": 2, "vocab_size": 18446744073709551615, "base_model_name_or_path": null, "hidden_size": -1})");
    CHECK(!odd.heads);
    CHECK(!odd.blocks);
    CHECK(odd.version == "2");
    CHECK(odd.vocab == INT64_MAX);
    CHECK(odd.width == -1);
    CHECK(odd.base == "");
    const HeadsStatement vllm = read(
        R"({"model_type": "medusa", "num_heads": 3, "num_hidden_layers": 2, "medusa_fc_bias": true, "original_lm_head": false, "truncated_vocab_size": 9})");
    CHECK(vllm.heads == 3);
    CHECK(vllm.blocks == 2);
    CHECK(vllm.bias == true);
    CHECK(vllm.one_vocab == false);
    CHECK(vllm.truncated_vocab == 9);
    // Attention's numbers are not those of heads.
    CHECK(!read(R"({"model_type": "llama", "num_heads": 3, "num_hidden_layers": 2})").heads);
}

TEST_CASE("Heads with a model are looked for in the documented order")
{
    const ScratchFolder folder;
    const auto find = [&] {
        const auto checkpoint
            = std::make_shared<const Checkpoint>(Checkpoint::openFolder(folder.path()));
        return findHeads(folder.path(), checkpoint);
    };
    folder.write("model.safetensors", safetensorsOf({floatTensor("model.norm.weight", {4})}));
    CHECK(!find());
    std::filesystem::create_directory(folder.path() / "heads");
    CHECK(!find());
    folder.write("heads/medusa_lm_head.pt", torchOf(headTensors(1, 1, 0)));
    CHECK(find()->heads.size() == 1);
    folder.write("heads/medusa_lm_head.safetensors", safetensorsOf(headTensors(2, 1, 0)));
    CHECK(find()->heads.size() == 2);
    auto full = headTensors(3, 1, 0, "medusa_head.");
    full.push_back(floatTensor("model.norm.weight", {4}));
    folder.write("model.safetensors", safetensorsOf(full));
    CHECK(find()->heads.size() == 3);
    CHECK(find()->in_full_model);
    folder.write("medusa_lm_head.pt", torchOf(headTensors(4, 1, 0)));
    CHECK(find()->heads.size() == 4);
    folder.write("medusa_lm_head.safetensors", safetensorsOf(headTensors(5, 1, 0)));
    CHECK(find()->heads.size() == 5);
    CHECK(openHeads(folder.path()).heads.size() == 5);
    CHECK(openHeads(folder.path() / "heads").heads.size() == 2);
    CHECK(openHeads(folder.path() / "model.safetensors").heads.size() == 3);
    // A broken file is named, not passed over.
    folder.write("medusa_lm_head.safetensors", "broken");
    CHECK_THROWS_AS(find(), std::runtime_error);
}

TEST_CASE("Heads that do not fit their base are told apart by shape")
{
    StoredHeads heads;
    heads.width = 8;
    ModelConfig base;
    base.dim = 16;
    base.vocab_size = 40;
    CHECK(headsMismatch(heads, base) == "heads are 8 wide, the base model 16");
    heads.width = 16;
    CHECK(headsMismatch(heads, base) == "");
    heads.own_vocab = true;
    heads.vocab_rows = 39;
    CHECK(headsMismatch(heads, base) == "heads know 39 tokens, the base model 40");
    heads.vocab_rows = 296;
    CHECK(headsMismatch(heads, base) == "heads know 296 tokens, the base model 40");
    heads.vocab_rows = 41; // padding
    CHECK(headsMismatch(heads, base) == "");
    heads.vocab_rows = 40;
    CHECK(headsMismatch(heads, base) == "");
}
