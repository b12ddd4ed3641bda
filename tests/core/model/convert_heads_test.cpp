// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>

#include <nlohmann/json.hpp>

#include "core/model/convert_heads.h"
#include "core/model/heads_file.h"
#include "core/model/inspect.h"
#include "core/model/stored_values.h"
#include "tests/support/paths.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/torch_writer.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

const std::filesystem::path kHeads = dataFolder() / "medusa" / "heads";
const std::filesystem::path kBase = dataFolder() / "models" / "llama_mha";

class Conversion
{
public:
    ConvertedHeads to(HeadsFormat format, const std::filesystem::path& heads,
        const std::string& out, const std::optional<std::filesystem::path>& base = {})
    {
        ConvertHeadsOptions options;
        options.heads = heads;
        options.out = path(out);
        options.to = format;
        options.base = base;
        return convertHeads(options);
    }
    std::string refuse(const ConvertHeadsOptions& options)
    {
        try {
            convertHeads(options);
            return "";
        } catch (const std::runtime_error& error) {
            return error.what();
        }
    }
    std::string refuse(HeadsFormat format, const std::filesystem::path& heads,
        const std::optional<std::filesystem::path>& base = {})
    {
        ConvertHeadsOptions options;
        options.heads = heads;
        options.out = path("refused");
        options.to = format;
        options.base = base;
        const std::string message = refuse(options);
        CHECK(!std::filesystem::exists(options.out));
        return message;
    }
    std::filesystem::path path(const std::string& name) const { return m_folder.path() / name; }
    const ScratchFolder& folder() const { return m_folder; }
    /// Nothing but `names` is left, not even under temporary names.
    bool holdsOnly(std::set<std::string> names) const
    {
        std::set<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(m_folder.path()))
            found.insert(entry.path().filename());
        return found == names;
    }

private:
    ScratchFolder m_folder;
};

nlohmann::json configOf(const std::filesystem::path& folder)
{
    return nlohmann::json::parse(bytesOf(folder / "config.json"));
}

/// Every tensor, with its type, shape and bytes, wherever and under whichever prefix it lies.
void checkSameHeads(const StoredHeads& a, const StoredHeads& b)
{
    REQUIRE(a.heads.size() == b.heads.size());
    CHECK(a.own_vocab == b.own_vocab);
    REQUIRE(a.n_blocks == b.n_blocks);
    for (size_t i = 0; i < a.heads.size(); ++i) {
        for (size_t j = 0; j < size_t(a.n_blocks); ++j) {
            CHECK(sameValues(a.heads[i].blocks[j].weight, b.heads[i].blocks[j].weight));
            REQUIRE(bool(a.heads[i].blocks[j].bias) == bool(b.heads[i].blocks[j].bias));
            if (a.heads[i].blocks[j].bias)
                CHECK(sameValues(a.heads[i].blocks[j].bias, b.heads[i].blocks[j].bias));
        }
        if (a.own_vocab && b.own_vocab)
            CHECK(sameValues(a.heads[i].vocab, b.heads[i].vocab));
    }
}

bool says(const std::string& message, const std::string& what)
{
    INFO(message);
    return message.find(what) != std::string::npos;
}

} // namespace

TEST_CASE_FIXTURE(Conversion, "Heads come back bit for bit from every format")
{
    for (const char* name : {"llama_mha_trained", "llama_mha_layers2", "llama_mha_random"}) {
        CAPTURE(name);
        const std::string n = name;
        const StoredHeads source = openHeads(kHeads / name);
        to(HeadsFormat::vllm, kHeads / name, n + "-vllm");
        to(HeadsFormat::full, path(n + "-vllm"), n + "-full", kBase);
        const ConvertedHeads back = to(HeadsFormat::v1, path(n + "-full"), n + "-v1");
        CHECK(back.format == "v1");
        CHECK(back.n_heads == int(source.heads.size()));
        CHECK(back.notes.empty());
        checkSameHeads(source, openHeads(path(n + "-vllm")));
        checkSameHeads(source, openHeads(path(n + "-full")));
        checkSameHeads(source, openHeads(path(n + "-v1")));
        // The same names and bytes as the file it began with.
        const auto& before = source.checkpoint->tensors();
        const StoredHeads after = openHeads(path(n + "-v1"));
        REQUIRE(after.checkpoint->tensors().size() == before.size());
        for (const auto& [key, tensor] : before)
            CHECK(sameValues(tensor, after.checkpoint->find(key)));
    }
}

TEST_CASE_FIXTURE(Conversion, "A torch archive becomes safetensors with the same tensors")
{
    const std::filesystem::path archive = kHeads / "llama_mha_layers2" / "medusa_lm_head.pt";
    to(HeadsFormat::safetensors, archive, "folder");
    checkSameHeads(openHeads(archive), openHeads(path("folder")));
    const ModelReport report = inspect(path("folder"));
    CHECK(report.heads->format == "v1");
    CHECK(report.problems.empty());
    const ConvertedHeads file = to(HeadsFormat::safetensors, archive, "alone.safetensors");
    CHECK(file.files == std::vector<std::string>{"alone.safetensors"});
    checkSameHeads(openHeads(archive), openHeads(path("alone.safetensors")));
    CHECK(holdsOnly({"folder", "alone.safetensors"}));
}

TEST_CASE_FIXTURE(Conversion, "Bare heads take the base's matrix along and lose it again")
{
    const std::filesystem::path bare = kHeads / "llama_mha_bare";
    to(HeadsFormat::v1, bare, "v1", kBase);
    const StoredHeads v1 = openHeads(path("v1"));
    CHECK(v1.own_vocab);
    const Checkpoint base = Checkpoint::openFolder(kBase);
    for (const StoredHead& head : v1.heads)
        CHECK(sameValues(head.vocab, base.find("lm_head.weight")));
    to(HeadsFormat::v2, path("v1"), "v2", kBase);
    checkSameHeads(openHeads(bare), openHeads(path("v2")));

    // vLLM stores the one matrix once; full models hold one for each head.
    to(HeadsFormat::vllm, path("v2"), "vllm", kBase);
    CHECK(openHeads(path("vllm")).one_vocab);
    CHECK(configOf(path("vllm")).at("original_lm_head") == true);
    to(HeadsFormat::full, path("vllm"), "full", kBase);
    CHECK(openHeads(path("full")).own_vocab);
    to(HeadsFormat::v2, path("full"), "again"); // the base lies with them
    checkSameHeads(openHeads(bare), openHeads(path("again")));

    CHECK(says(refuse(HeadsFormat::v1, bare), "--model"));
    CHECK(says(refuse(HeadsFormat::vllm, bare), "--model"));
    CHECK(says(refuse(HeadsFormat::full, bare), "--model"));
    to(HeadsFormat::v2, bare, "copy"); // needs none
}

TEST_CASE_FIXTURE(Conversion, "v2 is refused where a matrix would be lost")
{
    const std::string message = refuse(HeadsFormat::v2, kHeads / "llama_mha_trained", kBase);
    CHECK(says(message, "that of head 0 differs from the base model's"));
    CHECK(says(refuse(HeadsFormat::v2, kHeads / "llama_mha_trained"), "--model"));

    // One bit in the last head is enough.
    to(HeadsFormat::v1, kHeads / "llama_mha_bare", "v1", kBase);
    std::string bytes = bytesOf(path("v1") / "medusa_lm_head.safetensors");
    bytes.back() = char(bytes.back() ^ 1);
    folder().write("v1/medusa_lm_head.safetensors", bytes);
    CHECK(says(refuse(HeadsFormat::v2, path("v1"), kBase), "that of head 2 differs"));
}

TEST_CASE_FIXTURE(Conversion, "config.json says what each format's readers need")
{
    to(HeadsFormat::vllm, kHeads / "llama_mha_layers2", "vllm");
    const nlohmann::json vllm = configOf(path("vllm"));
    CHECK(vllm.at("model_type") == "medusa");
    CHECK(vllm.at("architectures") == nlohmann::json::array({"MedusaModel"}));
    CHECK(vllm.at("num_heads") == 3);
    CHECK(vllm.at("num_hidden_layers") == 2);
    CHECK(vllm.at("hidden_size") == 64);
    CHECK(vllm.at("vocab_size") == 320);
    CHECK(vllm.at("truncated_vocab_size") == 320);
    CHECK(vllm.at("medusa_fc_bias") == true);
    CHECK(vllm.at("original_lm_head") == false);
    CHECK(vllm.at("torch_dtype") == "float16");
    // vLLM takes every key with "num" and "heads", or "num" and "layers", for these two.
    int n_numbers = 0;
    for (const auto& [key, value] : vllm.items())
        n_numbers += key.find("num") != std::string::npos ? 1 : 0;
    CHECK(n_numbers == 2);

    to(HeadsFormat::v1, path("vllm"), "v1");
    const nlohmann::json v1 = configOf(path("v1"));
    CHECK(v1.at("medusa_num_heads") == 3);
    CHECK(v1.at("medusa_num_layers") == 2);
    CHECK(v1.at("version") == "1");
    CHECK(v1.at("base_model_name_or_path") == "../../../models/llama_mha");
    CHECK(!v1.contains("model_type"));

    to(HeadsFormat::full, kHeads / "llama_mha_trained", "full", kBase);
    const nlohmann::json full = configOf(path("full"));
    CHECK(full.at("medusa_num_heads") == 5);
    CHECK(full.at("model_type") == "llama");
    CHECK(full.at("hidden_size") == 64);
    CHECK(bytesOf(path("full") / "generation_config.json")
        == bytesOf(kBase / "generation_config.json"));

    // Keys of others stay; wrong numbers do not.
    folder().write("own/config.json", R"({"medusa_num_heads": 2, "decoding_strategy": "tree"})");
    folder().write("own/medusa_lm_head.safetensors",
        bytesOf(kHeads / "llama_mha_bare" / "medusa_lm_head.safetensors"));
    folder().write("own/medusa_choices.json", "[[0]]");
    to(HeadsFormat::v2, path("own"), "v2");
    CHECK(configOf(path("v2")).at("medusa_num_heads") == 3);
    CHECK(configOf(path("v2")).at("version") == "2");
    CHECK(configOf(path("v2")).at("decoding_strategy") == "tree");
    CHECK(bytesOf(path("v2") / "medusa_choices.json") == "[[0]]");
}

TEST_CASE_FIXTURE(Conversion, "A full model equals its parts and is cut into shards")
{
    ConvertHeadsOptions options;
    options.heads = kHeads / "llama_mha_trained";
    options.out = path("full");
    options.to = HeadsFormat::full;
    options.base = kBase;
    options.shard_bytes = 200'000;
    const ConvertedHeads made = convertHeads(options);
    CHECK(made.files.size() > 5);
    const Checkpoint written = Checkpoint::openFolder(path("full"));
    const Checkpoint expected
        = Checkpoint::openFolder(dataFolder() / "models" / "llama_mha_with_medusa");
    REQUIRE(written.tensors().size() == expected.tensors().size());
    for (const auto& [name, tensor] : expected.tensors())
        CHECK(sameValues(tensor, written.find(name)));
    for (const auto& file : written.files())
        CHECK(file->bytes() < 250'000);
    const ModelReport report = inspect(path("full"));
    CHECK(report.problems.empty());
    CHECK(report.heads->format == "full");
    CHECK(report.heads->fits == true);

    // Heads in it are replaced, not doubled.
    to(HeadsFormat::full, kHeads / "llama_mha_random", "other", path("full"));
    CHECK(openHeads(path("other")).heads.size() == 4);
}

TEST_CASE_FIXTURE(Conversion, "Absent biases become zeros where readers expect them")
{
    const std::vector<WrittenTensor> tensors = {floatTensor("blocks.0.layers.0.weight", {4, 4}),
        floatTensor("blocks.1.layers.0.weight", {4, 4}),
        floatTensor("blocks.1.layers.0.bias", {4}, 1), floatTensor("lm_heads.0.weight", {6, 4}),
        floatTensor("lm_heads.1.weight", {6, 4})};
    const auto file = folder().write("some.safetensors", safetensorsOf(tensors));
    const ConvertedHeads made = to(HeadsFormat::v1, file, "v1");
    REQUIRE(made.notes.size() == 1);
    CHECK(says(made.notes[0], "stored as zeros, which the format's readers expect: 1 of 2"));
    const StoredHeads heads = openHeads(path("v1"));
    const ValueCounts zeros = countValues(heads.heads[0].blocks[0].bias);
    CHECK(zeros.all_zero);
    CHECK(heads.heads[0].blocks[0].bias.info->shape == std::vector<int64_t>{4});
    CHECK(!countValues(heads.heads[1].blocks[0].bias).all_zero);

    auto none = tensors;
    none.erase(none.begin() + 2);
    const auto bare = folder().write("none.safetensors", safetensorsOf(none));
    to(HeadsFormat::vllm, bare, "vllm");
    CHECK(configOf(path("vllm")).at("medusa_fc_bias") == false);
    CHECK(!openHeads(path("vllm")).heads[0].blocks[0].bias);
}

TEST_CASE_FIXTURE(Conversion, "A truncated vocabulary stays with vLLM")
{
    const auto file = folder().write("some.safetensors",
        safetensorsOf({floatTensor("blocks.0.layers.0.weight", {64, 64}),
            floatTensor("lm_heads.0.weight", {6, 64}),
            WrittenTensor{"token_map", "I64", {6}, std::string(48, '\1')}}));
    CHECK(says(refuse(HeadsFormat::v1, file), "token_map"));
    CHECK(says(refuse(HeadsFormat::v2, file, kBase), "token_map"));
    CHECK(says(refuse(HeadsFormat::vllm, file), "--model"));
    to(HeadsFormat::vllm, file, "vllm", kBase);
    CHECK(configOf(path("vllm")).at("vocab_size") == 320);
    CHECK(configOf(path("vllm")).at("truncated_vocab_size") == 6);
    CHECK(openHeads(path("vllm")).isTruncated());
}

TEST_CASE_FIXTURE(Conversion, "Nothing is overwritten, lost or left behind")
{
    ConvertHeadsOptions options;
    options.heads = kHeads / "llama_mha_bare";
    options.out = path("out");
    options.to = HeadsFormat::v2;
    convertHeads(options);
    CHECK(says(refuse(options), "--force"));
    options.replace = true;
    options.heads = kHeads / "llama_mha_trained";
    options.to = HeadsFormat::v1;
    convertHeads(options);
    CHECK(openHeads(path("out")).heads.size() == 5);

    folder().write("out/thesis.txt", "years of work");
    CHECK(says(refuse(options), "thesis.txt"));
    CHECK(bytesOf(path("out") / "thesis.txt") == "years of work");
    std::filesystem::remove(path("out") / "thesis.txt");

    options.heads = path("out");
    CHECK(says(refuse(options), "holds what is converted"));
    options.heads = path("out") / "medusa_lm_head.safetensors";
    CHECK(says(refuse(options), "holds what is converted"));
    options.out = path("out") / "medusa_lm_head.safetensors";
    CHECK(says(refuse(options), "holds what is converted"));
    options.out = path("absent") / "deep" / "out";
    CHECK(says(refuse(options), "make it first"));
    std::filesystem::create_symlink(path("out"), path("link"));
    options.out = path("link");
    CHECK(says(refuse(options), "something else"));
    options.out = path("x.safetensors");
    options.to = HeadsFormat::vllm;
    CHECK(says(refuse(options), "a folder was expected"));
    CHECK(openHeads(path("out")).heads.size() == 5);
    CHECK(holdsOnly({"out", "link"}));

    std::stop_source stop;
    stop.request_stop();
    options.out = path("stopped");
    CHECK_THROWS_AS(convertHeads(options, {}, stop.get_token()), LoadCancelled);
    CHECK(holdsOnly({"out", "link"}));
    CHECK(says(refuse(HeadsFormat::v1, kHeads / "llama_mha_trained",
                   dataFolder() / "models" / "llama3_gqa_tied"),
        "heads are 64 wide, the base model 96"));
}

TEST_CASE_FIXTURE(Conversion, "A disk that is too small is said before anything is written")
{
    // 12 TB of zeros that take no room.
    const int64_t rows = int64_t(3) << 40;
    const auto file = folder().write("huge.safetensors",
        safetensorsOf(R"({"0.0.weight":{"dtype":"F32","shape":[)" + std::to_string(rows)
                + R"(,1],"data_offsets":[0,)" + std::to_string(rows * 4) + "]}}",
            ""));
    std::error_code error;
    std::filesystem::resize_file(
        file, std::filesystem::file_size(file) + uint64_t(rows) * 4, error);
    if (error || std::filesystem::space(folder().path()).available > uint64_t(rows) * 4) {
        MESSAGE("skipped: this disk holds such a file");
        return;
    }
    CHECK(says(refuse(HeadsFormat::v1, file), "are free on this disk"));
    CHECK(holdsOnly({"huge.safetensors"}));
}

TEST_CASE_FIXTURE(Conversion, "Damaged heads are one sentence and leave nothing behind")
{
    const std::string sound = bytesOf(kHeads / "llama_mha_bare" / "medusa_lm_head.safetensors");
    uint32_t random = 12345;
    const auto next = [&] { return random = random * 1664525 + 1013904223; };
    int n_refused = 0;
    for (int round = 0; round < 300; ++round) {
        std::string bytes = sound;
        const size_t header = 8 + 600;
        for (uint32_t i = 0; i <= next() % 3; ++i)
            bytes[(next() >> 8) % header] = char(next() >> 16);
        if (round % 7 == 0)
            bytes.resize((next() >> 8) % bytes.size());
        const auto file = folder().write("damaged.safetensors", bytes);
        const ModelReport report = inspect(file); // whatever it says, it says it
        CHECK(!reportText(report).empty());
        if (round % 4 != 0)
            continue; // each whole file is synchronised with the disk
        std::filesystem::remove_all(path("refused"));
        ConvertHeadsOptions options;
        options.heads = file;
        options.out = path("refused");
        options.to = HeadsFormat::safetensors;
        n_refused += refuse(options).empty() ? 0 : 1;
    }
    CHECK(n_refused > 25);
    std::filesystem::remove_all(path("refused"));
    CHECK(holdsOnly({"damaged.safetensors"}));
}
