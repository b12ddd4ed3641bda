// SPDX-License-Identifier: Apache-2.0
#include "core/pairs/judge_pair.h"

#include <doctest/doctest.h>

#include "tests/core/pairs/local_facts.h"
#include "tests/support/paths.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

ModelFacts baseFacts(const std::string& repository, int dim = 4096, int vocab = 32000)
{
    ModelFacts facts;
    facts.repository = repository;
    facts.has_weights = true;
    facts.texts["config.json"] = R"({"model_type": "llama", "hidden_act": "silu",
        "intermediate_size": 11008, "num_attention_heads": 32, "num_hidden_layers": 2,
        "torch_dtype": "float16", "hidden_size": )"
        + std::to_string(dim) + ", \"vocab_size\": " + std::to_string(vocab) + "}";
    return facts;
}

/// A pickle: its size is all that is known.
ModelFacts pickleHeads(const std::string& stated, int n = 5, uint64_t dim = 4096,
    uint64_t vocab = 32000, uint64_t more = 4000)
{
    ModelFacts facts;
    facts.repository = "some/heads";
    facts.has_heads = true;
    facts.texts["config.json"] = "{\"base_model_name_or_path\": \"" + stated
        + "\", \"medusa_num_heads\": 2, \"medusa_num_layers\": 1}";
    facts.files = {{"medusa_lm_head.pt", uint64_t(n) * (dim * dim + dim + vocab * dim) * 2 + more}};
    return facts;
}

/// A safetensors file whose header names tensors of F16 one behind the other.
ModelFacts headerHeads(const std::vector<std::pair<std::string, std::vector<int64_t>>>& tensors,
    const std::string& file = "medusa_lm_head.safetensors", const std::string& config = "{}")
{
    ModelFacts facts;
    facts.repository = "some/heads";
    facts.has_heads = true;
    facts.texts["config.json"] = config;
    std::string header = "{";
    uint64_t end = 0;
    for (const auto& [name, shape] : tensors) {
        uint64_t bytes = 2;
        std::string sizes;
        for (const int64_t size : shape) {
            bytes *= uint64_t(size);
            sizes += (sizes.empty() ? "" : ",") + std::to_string(size);
        }
        header += (end == 0 ? "\"" : ",\"") + name + "\":{\"dtype\":\"F16\",\"shape\":[" + sizes
            + "],\"data_offsets\":[" + std::to_string(end) + "," + std::to_string(end + bytes)
            + "]}";
        end += bytes;
    }
    header += "}";
    facts.files = {{file, 8 + header.size() + end}};
    facts.headers[file] = header;
    return facts;
}

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("heads that name the model and fit it match")
{
    const PairVerdict verdict
        = judgePair(baseFacts("lmsys/vicuna-7b-v1.3"), pickleHeads("lmsys/vicuna-7b-v1.3"));
    CHECK(verdict.match == PairMatch::matches);
    CHECK(has(verdict.reason, "made for lmsys/vicuna-7b-v1.3"));
    // Another owner's copy, a folder of the author, letters of another case, a name of old.
    for (const char* stated : {"LMSYS/Vicuna-7B-v1.3", "/data/models/vicuna-7b-v1.3/"})
        CHECK(judgePair(baseFacts("mirror/vicuna-7b-v1.3"), pickleHeads(stated)).match
            == PairMatch::matches);
    CHECK(judgePair(baseFacts("meta-llama/Llama-3.1-8B-Instruct", 4096, 128256),
              pickleHeads("meta-llama/Meta-Llama-3.1-8B-Instruct", 4, 4096, 128256))
              .match
        == PairMatch::matches);
}

TEST_CASE("heads of another shape do not match, named or not")
{
    const PairVerdict narrow
        = judgePair(baseFacts("lmsys/vicuna-13b-v1.3", 5120), pickleHeads("lmsys/vicuna-13b-v1.3"));
    CHECK(narrow.match == PairMatch::differs);
    CHECK(has(narrow.reason, "5120 wide"));
    CHECK(judgePair(baseFacts("a/b", 4096, 32064), pickleHeads("a/b")).match == PairMatch::differs);
    const ModelFacts exact
        = headerHeads({{"0.0.linear.weight", {64, 64}}, {"0.0.linear.bias", {64}}});
    const PairVerdict wide = judgePair(baseFacts("a/b"), exact);
    CHECK(wide.match == PairMatch::differs);
    CHECK(wide.reason == "heads are 64 wide, the base model 4096.");
    // The size tells although two heads are stated: half a head too much is no heads.
    CHECK(judgePair(baseFacts("a/b"), pickleHeads("a/b", 5, 4096, 32000, 9'000'000)).match
        == PairMatch::differs);
}

TEST_CASE("heads of another model of the same shape run and draft badly")
{
    const PairVerdict other
        = judgePair(baseFacts("meta-llama/Llama-2-7b-hf"), pickleHeads("lmsys/vicuna-7b-v1.3"));
    CHECK(other.match == PairMatch::differs);
    CHECK(has(other.reason, "draft badly"));
    ModelFacts tuned = baseFacts("somebody/vicuna-tuned");
    tuned.base_models = {"lmsys/vicuna-7b-v1.3"};
    CHECK(judgePair(tuned, pickleHeads("lmsys/vicuna-7b-v1.3")).match == PairMatch::likely);
}

TEST_CASE("heads that name nothing are likely by shape; their card may say more")
{
    for (const char* stated : {"N/A", "", "None"})
        CHECK(judgePair(baseFacts("a/b"), pickleHeads(stated)).match == PairMatch::likely);
    ModelFacts heads = pickleHeads("N/A");
    heads.base_models = {"a/b"};
    CHECK(judgePair(baseFacts("a/b"), heads).match == PairMatch::matches);
    CHECK(judgePair(baseFacts("c/d"), heads).match == PairMatch::differs);
    ModelFacts no_config = pickleHeads("a/b");
    no_config.texts.clear();
    CHECK(judgePair(baseFacts("a/b"), no_config).match == PairMatch::likely);
}

TEST_CASE("every layout of heads is judged by the header of its file")
{
    const ModelFacts base = baseFacts("a/b", 64, 96);
    // Two heads that use the base's vocabulary matrix.
    const ModelFacts v2 = headerHeads({{"0.0.linear.weight", {64, 64}}, {"0.0.linear.bias", {64}},
        {"1.0.linear.weight", {64, 64}}, {"1.0.linear.bias", {64}}});
    CHECK(judgePair(base, v2).match == PairMatch::likely);
    const ModelFacts vllm
        = headerHeads({{"blocks.0.layers.0.weight", {64, 64}}, {"lm_heads.0.weight", {96, 64}}},
            "model.safetensors", R"({"model_type": "medusa", "num_heads": 1})");
    CHECK(judgePair(base, vllm).match == PairMatch::likely);
    const ModelFacts few
        = headerHeads({{"blocks.0.layers.0.weight", {64, 64}}, {"lm_heads.0.weight", {90, 64}}},
            "model.safetensors", R"({"model_type": "medusa", "num_heads": 1})");
    CHECK(judgePair(base, few).match == PairMatch::differs);
    // Padding of the vocabulary is left out by loading.
    const ModelFacts padded
        = headerHeads({{"0.0.linear.weight", {64, 64}}, {"0.1.weight", {128, 64}}});
    CHECK(judgePair(base, padded).match == PairMatch::likely);
    const ModelFacts broken = headerHeads({{"0.0.linear.weight", {64, 32}}});
    CHECK(judgePair(base, broken).match == PairMatch::differs);
}

TEST_CASE("a full model matches itself and nothing else")
{
    const auto folder = dataFolder() / "models" / "llama_mha_with_medusa";
    const ModelFacts full = factsOf(folder, "some/full");
    CHECK(judgePair(full, full).match == PairMatch::matches);
    const PairVerdict other = judgePair(baseFacts("a/b"), full);
    CHECK(other.match == PairMatch::differs);
    CHECK(has(other.reason, "use it as it is"));

    // In shards: the index names the heads.
    ModelFacts sharded = baseFacts("some/sharded", 64, 96);
    sharded.texts["model.safetensors.index.json"] = R"({"weight_map": {
        "model.norm.weight": "a", "medusa_head.0.0.linear.weight": "a",
        "medusa_head.0.0.linear.bias": "a", "medusa_head.0.1.weight": "b"}})";
    CHECK(judgePair(sharded, sharded).match == PairMatch::matches);
}

TEST_CASE("fixtures match as the loader finds them")
{
    const auto data = dataFolder();
    const ModelFacts base = factsOf(data / "models" / "llama_mha", "test/llama_mha");
    for (const char* name :
        {"llama_mha_bare", "llama_mha_layers2", "llama_mha_random", "llama_mha_trained"})
    {
        CAPTURE(name);
        const ModelFacts heads = factsOf(data / "medusa" / "heads" / name, "test/heads");
        CHECK(judgePair(base, heads).match == PairMatch::matches); // ../../../models/llama_mha
        const ModelFacts other = factsOf(data / "models" / "llama3_gqa_tied", "test/llama3");
        CHECK(judgePair(other, heads).match == PairMatch::differs);
    }
}

TEST_CASE("what is not told is not judged, and hostile facts are one sentence")
{
    ModelFacts gated = baseFacts("a/b");
    gated.unread = "a/b: accept the licence first";
    CHECK(judgePair(gated, pickleHeads("a/b")).match == PairMatch::unknown);
    CHECK(judgePair(gated, pickleHeads("a/b")).reason == "a/b: accept the licence first.");
    const ModelFacts base = baseFacts("a/b");
    for (const char* header : {"", "{", "[]", "{\"a\": 1}", "{\"0.0.linear.weight\": {}}",
             R"({"0.0.linear.weight":{"dtype":"F16","shape":[4096,4096],"data_offsets":[0,8]}})"})
    {
        ModelFacts heads = headerHeads({{"0.0.linear.weight", {64, 64}}});
        heads.headers["medusa_lm_head.safetensors"] = header;
        const PairVerdict verdict = judgePair(base, heads);
        CHECK(verdict.match == PairMatch::differs);
        CHECK(verdict.reason.starts_with("some/heads"));
    }
    ModelFacts huge = baseFacts("a/b", 1 << 20, 1 << 22);
    CHECK(judgePair(huge, pickleHeads("a/b")).match == PairMatch::differs);
    CHECK(judgePair(pickleHeads("a/b"), pickleHeads("a/b")).match == PairMatch::differs);
}
