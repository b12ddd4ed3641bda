// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/model/inspect.h"
#include "tests/support/paths.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

const std::filesystem::path kModels = dataFolder() / "models";
const std::filesystem::path kHeads = dataFolder() / "medusa" / "heads";

bool has(const std::string& text, const std::string& part)
{
    INFO(text);
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("A model is described by its configuration and its tensors")
{
    const ModelReport report = inspect(kModels / "llama3_gqa_tied");
    CHECK(report.kind == "model");
    CHECK(report.problems.empty());
    CHECK(report.file_format == "safetensors");
    CHECK(report.n_files == 3);
    CHECK(report.n_unexpected == 0);
    CHECK(!report.heads);
    // 384 x 96 embeddings, three layers of q, k, v, o, three matrices of the feed-forward, norms.
    const uint64_t layer = 96 * 96 * 2 + 32 * 96 * 2 + 3 * 256 * 96 + 2 * 96;
    CHECK(report.n_parameters == 384 * 96 + 3 * layer + 96);
    CHECK(report.n_bytes == report.n_parameters * 4);
    CHECK(report.dtypes == std::map<std::string, uint64_t>{{"F32", report.n_parameters}});
    const std::string text = reportText(report);
    CHECK(has(text, "llama, 3 layers, 96 wide, feed-forward 256"));
    CHECK(has(text, "6 heads of 16, 2 key-value heads (grouped)"));
    CHECK(has(text, "llama3 scaling by 8"));
    CHECK(has(text, "problems      none"));
    const nlohmann::json json = reportJson(report);
    CHECK(json.at("config").at("kv_heads") == 2);
    CHECK(json.at("supported_context") == 512);
    CHECK(json.at("heads").is_null());
    CHECK(inspect(kModels / "llama_mha_bf16").dtypes.begin()->first == "BF16");
}

TEST_CASE("Heads are described alone and with their model")
{
    for (const std::filesystem::path& path :
        {kHeads / "llama_mha_trained", kHeads / "llama_mha_trained" / "medusa_lm_head.pt"})
    {
        const ModelReport report = inspect(path);
        CHECK(report.kind == "heads");
        CHECK(report.problems.empty());
        REQUIRE(report.heads);
        CHECK(report.heads->n_heads == 5);
        CHECK(report.heads->n_blocks == 1);
        CHECK(report.heads->width == 64);
        CHECK(report.heads->vocab_rows == 320);
        CHECK(report.heads->n_parameters == 5 * (64 * 64 + 64 + 320 * 64));
        CHECK(report.heads->stated_base == "../../../models/llama_mha");
        CHECK(!report.heads->fits);
        CHECK(report.n_parameters == 0);
    }
    CHECK(
        has(reportText(inspect(kHeads / "llama_mha_bare")), "v2 (vocabulary matrix of the base)"));

    const ModelReport full = inspect(kModels / "llama_mha_with_medusa");
    REQUIRE(full.heads);
    CHECK(full.heads->n_heads == 5);
    CHECK(full.heads->fits == true);
    CHECK(full.n_parameters == inspect(kModels / "llama_mha").n_parameters);
    CHECK(full.n_unexpected == 0);
}

TEST_CASE("A stated number of heads that is wrong is said")
{
    const ScratchFolder folder;
    folder.write("medusa_lm_head.safetensors",
        bytesOf(kHeads / "llama_mha_bare" / "medusa_lm_head.safetensors"));
    folder.write("config.json", R"({"medusa_num_heads": 2})");
    CHECK(has(reportText(inspect(folder.path())), "says 2 heads; the tensors are right"));
    CHECK(reportJson(inspect(folder.path())).at("heads").at("stated_heads") == 2);
    CHECK(reportJson(inspect(folder.path())).at("heads").at("heads") == 3);
}

TEST_CASE("Every problem is in the report")
{
    for (const auto& entry : std::filesystem::directory_iterator(dataFolder() / "malformed")) {
        const std::string name = entry.path().filename();
        if (!entry.is_directory() || name.starts_with("spm") || name.starts_with("tj"))
            continue;
        CAPTURE(name);
        const ModelReport report = inspect(entry.path());
        const bool is_sound_alone = name == "ok_control" || name == "pt_wrong_width";
        CHECK(report.problems.empty() == is_sound_alone);
        CHECK(!reportJson(report).dump().empty());
    }
    CHECK(inspect("/dev/zero").kind == "unreadable");
    CHECK(inspect("/nonexistent/path").problems.size() == 1);
    CHECK(!std::filesystem::exists("/tmp/pwned_shared"));
    CHECK(inspect(dataFolder()).kind == "unreadable");
    CHECK(inspect(dataFolder()).problems.size() == 2);
}

TEST_CASE("Heads of another width and tensors without use are reported")
{
    const ScratchFolder folder;
    for (const char* name : {"config.json", "model.safetensors"})
        folder.write(name, bytesOf(kModels / "llama_mha" / name));
    folder.write("medusa_lm_head.pt",
        bytesOf(dataFolder() / "malformed" / "pt_wrong_width" / "medusa_lm_head.pt"));
    const ModelReport report = inspect(folder.path());
    REQUIRE(report.problems.size() == 1);
    CHECK(has(report.problems[0], "heads are 8 wide, the base model 64"));
    CHECK(report.heads->fits == false);

    folder.write("config.json",
        nlohmann::json::parse(bytesOf(kModels / "llama_mha" / "config.json"))
            .patch(nlohmann::json::parse(
                R"([{"op": "replace", "path": "/num_hidden_layers", "value": 2}])"))
            .dump());
    const ModelReport fewer = inspect(folder.path());
    CHECK(fewer.n_unexpected == 9);
    CHECK(fewer.unexpected.front() == "model.layers.2.input_layernorm.weight");
    CHECK(has(reportText(fewer), "9 tensors"));
}

TEST_CASE("A single file of weights is described by its tensors")
{
    const ModelReport report = inspect(kModels / "llama_mha" / "model.safetensors");
    CHECK(report.kind == "weights");
    CHECK(report.n_parameters > 0);
    CHECK(!report.config);
    CHECK(report.problems.empty());
}
