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
        {kHeads / "llama_mha_trained", kHeads / "llama_mha_trained" / "medusa_lm_head.safetensors"})
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
        CHECK(report.heads->stated.base == "../../../models/llama_mha");
        CHECK(!report.heads->fits);
        CHECK(report.n_parameters == report.heads->n_parameters);
        CHECK(report.n_bytes == report.heads->n_bytes);
        CHECK(report.file_format == "safetensors");
        CHECK(reportJson(report).at("bytes") == report.heads->n_bytes);
        CHECK(report.remarks.empty()); // the base that config.json names is there
    }
    CHECK(
        has(reportText(inspect(kHeads / "llama_mha_bare")), "v2 (vocabulary matrix of the base)"));
    CHECK(inspect(kHeads / "llama_mha_bare").heads->format == "v2");

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
    CHECK(has(reportText(inspect(folder.path())),
        "config.json says medusa_num_heads 2, the tensors hold 3 heads; the tensors count"));
    CHECK(inspect(folder.path()).problems.empty());
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
    CHECK(has(reportText(fewer), "they hold 3 layers, config.json says num_hidden_layers 2"));
}

TEST_CASE("A single file of weights is described by its tensors")
{
    const ModelReport report = inspect(kModels / "llama_mha" / "model.safetensors");
    CHECK(report.kind == "weights");
    CHECK(report.n_parameters > 0);
    CHECK(!report.config);
    CHECK(report.problems.empty());
}

namespace {

struct Expected
{
    const char* name;
    const char* format;
    int n_heads;
    int n_blocks;
    int64_t vocab_rows;
    const char* dtype;
    const char* base;
};

bool remarks(const ModelReport& report, const std::string& part)
{
    for (const std::string& remark : report.remarks)
        if (remark.find(part) != std::string::npos)
            return true;
    return false;
}

/// Heads of two blocks of width 4 in the given naming, in a folder of their own.
ModelReport inspectTensors(const ScratchFolder& folder, const std::vector<WrittenTensor>& tensors,
    const std::string& config = "", const InspectOptions& options = {})
{
    std::filesystem::remove(folder.path() / "config.json");
    folder.write("medusa_lm_head.safetensors", safetensorsOf(tensors));
    if (!config.empty())
        folder.write("config.json", config);
    return inspect(folder.path(), options);
}

} // namespace

TEST_CASE("Every fixture of heads is told by format and number, and fits its base")
{
    constexpr Expected kAll[] = {{"llama_mha_bare", "v2", 3, 1, 0, "F32", "models/llama_mha"},
        {"llama_mha_layers2", "v1", 3, 2, 320, "F16", "models/llama_mha"},
        {"llama_mha_random", "v1", 4, 1, 320, "F32", "models/llama_mha"},
        {"llama_mha_trained", "v1", 5, 1, 320, "F32", "models/llama_mha"},
        {"qwen2_bias_random", "v1", 2, 1, 352, "BF16", "models/qwen2_bias"},
        {"qwen2_bias_trained", "v1", 3, 1, 352, "F32", "models/qwen2_bias"},
        {"stories260K_bare", "v2", 3, 1, 0, "F32", "stories260K"},
        {"stories260K_trained", "v1", 4, 1, 512, "F32", "stories260K"}};
    for (const Expected& each : kAll) {
        CAPTURE(each.name);
        if (!sharedHas(std::string("fixtures/medusa/heads/") + each.name))
            continue;
        const std::filesystem::path folder
            = sharedFolder() / "fixtures" / "medusa" / "heads" / each.name;
        InspectOptions options;
        options.base = sharedFolder() / "fixtures" / each.base;
        for (const std::filesystem::path& path : {folder, folder / "medusa_lm_head.pt"}) {
            const ModelReport report = inspect(path, options);
            CHECK(report.kind == "heads");
            CHECK(report.problems.empty());
            REQUIRE(report.heads);
            CHECK(report.heads->format == each.format);
            CHECK(report.heads->n_heads == each.n_heads);
            CHECK(report.heads->n_blocks == each.n_blocks);
            CHECK(report.heads->n_biases == each.n_heads * each.n_blocks);
            CHECK(report.heads->vocab_rows == each.vocab_rows);
            CHECK(report.heads->dtypes.size() == 1);
            CHECK(report.heads->dtypes.contains(each.dtype));
            CHECK(report.heads->fits == true);
            REQUIRE(report.heads->unsound);
            CHECK(report.heads->unsound->n_nan + report.heads->unsound->n_infinite == 0);
            CHECK(report.remarks.empty());
        }
    }
    for (const std::string name : {"llama_mha_with_medusa"})
        if (sharedHas("fixtures/models/" + name)) {
            const ModelReport report = inspect(sharedFolder() / "fixtures" / "models" / name);
            CHECK(report.kind == "model");
            CHECK(report.heads->format == "full");
            CHECK(report.heads->n_heads == 5);
            CHECK(report.heads->in_full_model);
            CHECK(report.heads->fits == true);
            CHECK(report.problems.empty());
            CHECK(report.remarks.empty());
        }
}

TEST_CASE("Every way in which config.json lies is said, and none keeps heads from loading")
{
    const ScratchFolder folder;
    const std::vector<WrittenTensor> heads
        = {floatTensor("0.0.linear.weight", {4, 4}), floatTensor("0.0.linear.bias", {4}),
            floatTensor("0.1.weight", {32000, 4}), floatTensor("1.0.linear.weight", {4, 4}),
            floatTensor("1.0.linear.bias", {4}), floatTensor("1.1.weight", {32000, 4})};
    const ModelReport lies = inspectTensors(folder, heads,
        R"({"medusa_num_heads": 5, "medusa_num_layers": 2, "hidden_size": 8, "vocab_size": 32001,
            "base_model_name_or_path": "N/A"})");
    CHECK(lies.problems.empty());
    CHECK(remarks(lies, "medusa_num_heads 5, the tensors hold 2 heads"));
    CHECK(remarks(lies, "medusa_num_layers 2, the heads have 1 blocks each"));
    CHECK(remarks(lies, "hidden_size 8, the heads are 4 wide"));
    CHECK(remarks(lies, "vocab_size 32001, their vocabulary matrices have 32000 rows"));
    CHECK(remarks(lies, "names no base model"));
    CHECK(lies.remarks.size() == 5);
    CHECK(remarks(inspectTensors(folder, heads), "there is no config.json"));
    CHECK(remarks(inspectTensors(folder, heads, "{broken"), "the heads are read without it"));
    CHECK(remarks(inspectTensors(folder, heads, "{}"), "does not say how many heads"));

    auto odd = heads;
    odd[1] = floatTensor("optimizer.step", {1});
    odd[5].dtype = "F16";
    odd[5].bytes.assign(odd[5].bytes.size() / 2, '\0');
    const ModelReport report = inspectTensors(
        folder, odd, R"({"medusa_num_heads": 2, "base_model_name_or_path": "lmsys/vicuna-7b"})");
    CHECK(report.problems.empty());
    CHECK(remarks(report, "1 block of 2 has no bias"));
    CHECK(remarks(report, "1 tensor belongs to no head: optimizer.step"));
    CHECK(remarks(report, "stored in F16 and F32"));
    CHECK(report.remarks.size() == 3);
}

TEST_CASE("All problems of broken heads are listed, not the first alone")
{
    const ScratchFolder folder;
    const ModelReport report = inspectTensors(folder,
        {floatTensor("0.0.linear.weight", {4, 4}), floatTensor("0.1.weight", {6, 4}),
            floatTensor("1.0.linear.weight", {5, 5}), floatTensor("1.1.weight", {7, 4}),
            floatTensor("3.0.linear.bias", {4})});
    CHECK(report.heads->n_heads == 4);
    const std::string text = reportText(report);
    CHECK(has(text, "1.0.linear.weight should have the shape [4, 4]"));
    CHECK(has(text, "1.1.weight should have the shape [6, 4]"));
    CHECK(has(text, "head 2 of 4 is missing"));
    CHECK(has(text, "3.0.linear.weight is missing"));
    CHECK(has(text, "head 3 has no vocabulary matrix"));
    CHECK(report.problems.size() == 5);
    InspectOptions options;
    options.base = kModels / "llama_mha";
    const ScratchFolder doubles;
    const ModelReport unfit = inspectTensors(doubles,
        {{"0.0.linear.weight", "F64", {64, 64}, std::string(64 * 64 * 8, '\0')}}, "", options);
    CHECK(has(unfit.problems.at(0), "it is F64"));
    CHECK(unfit.heads->fits == false);
    CHECK(has(reportText(unfit), "fits        no: "));
    CHECK(inspectTensors(folder, {floatTensor("weight", {4})}).problems.size() == 1);
}

TEST_CASE("Values that are no numbers are counted")
{
    const ScratchFolder folder;
    for (const auto& [dtype, nan, infinity] :
        {std::tuple("F32", std::string("\x01\x00\x80\xFF", 4), std::string("\0\0\x80\x7F", 4)),
            std::tuple("F16", std::string("\x01\xFE", 2), std::string("\0\xFC", 2)),
            std::tuple("BF16", std::string("\xC0\x7F", 2), std::string("\x80\xFF", 2))})
    {
        WrittenTensor weight{"0.0.linear.weight", dtype, {4, 4}, std::string(16 * nan.size(), 0)};
        weight.bytes.replace(0, nan.size(), nan);
        weight.bytes.replace(3 * nan.size(), nan.size(), nan);
        weight.bytes.replace(5 * nan.size(), nan.size(), infinity);
        const ModelReport report = inspectTensors(folder, {weight});
        REQUIRE(report.heads->unsound);
        CHECK(report.heads->unsound->n_nan == 2);
        CHECK(report.heads->unsound->n_infinite == 1);
        CHECK(remarks(report, "(2 NaN, 1 infinite), first in 0.0.linear.weight"));
        CHECK(report.problems.empty());
    }
    // Of a whole model only where it is asked for.
    InspectOptions deep;
    deep.deep = true;
    CHECK(!inspect(kModels / "llama_mha").unsound);
    REQUIRE(inspect(kModels / "llama_mha", deep).unsound);
    CHECK(inspect(kModels / "llama_mha", deep).unsound->n_nan == 0);
    CHECK(has(reportText(inspect(kModels / "llama_mha", deep)), "all are numbers"));
}

TEST_CASE("Heads are compared with the model that is named")
{
    InspectOptions options;
    options.base = kModels / "llama_mha";
    const ModelReport fits = inspect(kHeads / "llama_mha_trained", options);
    CHECK(fits.heads->fits == true);
    CHECK(fits.heads->n_base_vocabs == 0);
    options.base = kModels / "llama3_gqa_tied";
    const ModelReport wrong = inspect(kHeads / "llama_mha_trained", options);
    CHECK(wrong.heads->fits == false);
    REQUIRE(wrong.problems.size() == 1);
    CHECK(has(wrong.problems[0], "heads are 64 wide, the base model 96"));
    CHECK(remarks(wrong, "shapes alone do not prove"));
    CHECK(reportJson(wrong).at("heads").at("fits") == false);
    options.base = kHeads;
    CHECK(inspect(kHeads / "llama_mha_trained", options).problems.size() == 1);
}

TEST_CASE("Heads in vLLM's and TensorRT-LLM's files are heads, not models")
{
    const ScratchFolder vllm;
    vllm.write("config.json",
        R"({"model_type": "medusa", "architectures": ["MedusaModel"], "num_heads": 5,
            "num_hidden_layers": 1, "hidden_size": 4096, "vocab_size": 32000,
            "base_model_name_or_path": "lmsys/vicuna-7b-v1.3"})");
    vllm.write("model.safetensors",
        safetensorsOf({floatTensor("blocks.0.layers.0.weight", {8, 8}),
            floatTensor("blocks.0.layers.0.bias", {8}), floatTensor("lm_heads.0.weight", {6, 8})}));
    const ModelReport report = inspect(vllm.path());
    CHECK(report.kind == "heads");
    CHECK(report.problems.empty());
    CHECK(report.heads->format == "vllm");
    CHECK(report.heads->n_heads == 1);
    CHECK(remarks(report, "num_heads 5, the tensors hold 1 heads"));
    CHECK(remarks(report, "medusa_fc_bias false or nothing, the tensors hold 1 bias"));

    const ScratchFolder tensorrt;
    const auto tensors = std::vector{floatTensor("transformer.ln_f.weight", {8}),
        floatTensor("medusa_heads.0.medusa_layers.0.linear.weight", {8, 8}),
        floatTensor("medusa_heads.0.lm_head.weight", {6, 8})};
    tensorrt.write("rank0.safetensors", safetensorsOf(tensors));
    CHECK(inspect(tensorrt.path()).heads->format == "tensorrt-llm");
    CHECK(inspect(tensorrt.path()).problems.empty());
    tensorrt.write("rank1.safetensors", safetensorsOf(tensors));
    REQUIRE(inspect(tensorrt.path()).problems.size() == 1);
    CHECK(has(inspect(tensorrt.path()).problems[0], "tp_size 1"));

    // As ModelOpt writes quantised heads: named, not misread.
    const ScratchFolder fp8;
    fp8.write("medusa_lm_head.safetensors",
        safetensorsOf({WrittenTensor{"medusa_heads.0.0.linear.weight", "F8_E4M3", {4, 4},
                           std::string(16, '\x38')},
            floatTensor("medusa_heads.0.0.linear.weight_scale", {})}));
    CHECK(has(inspect(fp8.path()).problems.at(0), "before they were quantised"));
}

TEST_CASE("A configuration that does not go with its weights is remarked on")
{
    const ScratchFolder folder;
    folder.write("model.safetensors", bytesOf(kModels / "llama_mha" / "model.safetensors"));
    const auto sound = nlohmann::json::parse(bytesOf(kModels / "llama_mha" / "config.json"));
    const auto inspectWith = [&](const char* key, const nlohmann::json& value) {
        nlohmann::json config = sound;
        config[key] = value;
        folder.write("config.json", config.dump());
        return inspect(folder.path());
    };
    CHECK(inspectWith("eos_token_id", 2).remarks.empty());
    CHECK(remarks(
        inspectWith("eos_token_id", 99999), "should be below 320, the vocabulary, it is 99999"));
    CHECK(remarks(inspectWith("bos_token_id", 320), "bos_token_id"));
    CHECK(inspectWith("bos_token_id", 319).remarks.empty());
    CHECK(remarks(inspectWith("vocab_size", 100), "has 320 rows; the first 100 are used"));
    for (const char* name : {"MistralForCausalLM", "LlamaForSequenceClassification"})
        CHECK(remarks(inspectWith("architectures", {name}),
            "architectures should be LlamaForCausalLM by model_type llama, it is "
                + std::string(name)));
    for (const char* name : {"LLaMAForCausalLM", "LlamaModel", "MedusaModelLlama"})
        CHECK(inspectWith("architectures", {name}).remarks.empty());
    CHECK(inspectWith("architectures", {1, nullptr}).remarks.empty());
    CHECK(inspectWith("architectures", "text").problems.empty());
}

TEST_CASE("A base that is not there, or not needed, is said")
{
    const ScratchFolder folder;
    const std::vector<WrittenTensor> heads = {floatTensor("0.0.linear.weight", {64, 64})};
    const auto stating = [](const std::string& base) {
        return nlohmann::json({{"medusa_num_heads", 1}, {"base_model_name_or_path", base}}).dump();
    };
    CHECK(remarks(inspectTensors(folder, heads, stating("../absent")),
        "by a path that is not there: ../absent"));
    const std::string there = std::filesystem::absolute(kModels / "llama_mha").string();
    CHECK(!remarks(inspectTensors(folder, heads, stating(there)), "by a path"));
    InspectOptions options;
    options.base = kModels / "llama_mha";
    CHECK(!remarks(inspectTensors(folder, heads, stating(there), options), "names the base"));
    CHECK(!remarks(
        inspectTensors(folder, heads, stating("me/llama_mha"), options), "names the base"));
    folder.write("copy/llama_mha/config.json", "{}"); // of the same name, elsewhere
    CHECK(!remarks(
        inspectTensors(folder, heads, stating("copy/llama_mha"), options), "names the base"));
    CHECK(remarks(inspectTensors(folder, heads, stating("lmsys/vicuna-7b-v1.3"), options),
        "names the base model \"lmsys/vicuna-7b-v1.3\", this one is"));
    CHECK(remarks(
        inspect(kModels / "llama_mha", options), "there are no heads here; it was left out"));
}

TEST_CASE("Well-known bases are told by their shape")
{
    const ScratchFolder folder;
    const std::vector<WrittenTensor> bare
        = {WrittenTensor{"0.0.linear.weight", "F16", {896, 896}, std::string(896 * 896 * 2, '\0')}};
    const ModelReport report = inspectTensors(folder, bare);
    CHECK(report.heads->bases == std::vector<std::string>{"Qwen2.5-0.5B"});
    CHECK(has(reportText(report), "Qwen2.5-0.5B"));
}
