// SPDX-License-Identifier: Apache-2.0
// The engine against values of the reference implementations.
#include "core/decode/engine.h"

#include <doctest/doctest.h>

#include "core/decode/tree_choices.h"
#include "core/model/convert_heads.h"
#include "tests/support/fixtures.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

constexpr float kTolerance = 1e-4F; // f32 logits of the reference; its own error is up to 3e-5

/// Prompts, logits, layer inputs and greedy continuations of one fixture folder.
void checkModel(const std::filesystem::path& folder, int n_threads, std::optional<DType> weights)
{
    CAPTURE(folder.filename().string());
    CAPTURE(n_threads);
    const auto model = loadFixture(folder, {}, n_threads, weights);
    Engine engine(model);
    Session session = engine.makeSession();
    const auto expected = openTensorFile(folder / "expected.safetensors");
    int n_prompts = 0;
    for (;; n_prompts++) {
        const std::string p = "p" + std::to_string(n_prompts) + ".";
        const auto ids = readTensor<int64_t>(*expected, p + "input_ids");
        if (ids.empty())
            break;
        const std::vector<int> prompt(ids.begin(), ids.end());
        std::vector<float> logits;
        engine.logits(session, prompt, {}, {}, logits, nullptr);
        CHECK(maxDifference(logits, readTensor<float>(*expected, p + "logits")) < kTolerance);

        const auto greedy = readTensor<int64_t>(*expected, p + "greedy_ids");
        GenerateSettings settings;
        settings.max_tokens = int(greedy.size());
        settings.ignore_eos = true;
        const Run run = generate(engine, session, prompt, settings);
        CHECK(run.result.tokens == std::vector<int>(greedy.begin(), greedy.end()));
        CHECK(run.result.finish == FinishReason::length);
    }
    CHECK(n_prompts > 0);
}

/// The logits of heads beside those that `expectations` lists for them.
void checkHeadLogits(const std::filesystem::path& base, const std::filesystem::path& heads,
    const std::filesystem::path& expectations)
{
    CAPTURE(heads.string());
    const auto model = loadFixture(base, heads);
    const auto values = openTensorFile(expectations / "expected.safetensors");
    const int64_t dim = model->config.dim;
    const int64_t vocab = model->vocabMatrix().n_out;
    int n_prompts = 0;
    for (int number = 0; number < 10; number++) { // some numbers are left out
        const std::string p = "p" + std::to_string(number) + ".";
        auto hidden = readTensor<float>(*values, p + "hidden");
        const auto expected = readTensor<float>(*values, p + "medusa_logits");
        if (hidden.empty())
            continue;
        n_prompts++;
        const int64_t m = int64_t(hidden.size()) / dim;
        std::vector<float> scratch(2 * m * dim);
        std::vector<float> logits(model->heads.size() * m * vocab);
        for (size_t head = 0; head < model->heads.size(); head++)
            headLogits(*model, int(head), {hidden.data(), m, dim}, {scratch.data(), 2 * m, dim},
                {logits.data() + head * m * vocab, m, vocab});
        CHECK(maxDifference(logits, expected) < kTolerance);
    }
    CHECK(n_prompts > 0);
}

void checkHeads(const std::filesystem::path& base, const std::filesystem::path& heads)
{
    checkHeadLogits(base, heads, heads);
}

/// Each format that the heads can be converted to, and a full model as its own base.
void checkConverted(const std::filesystem::path& base, const std::filesystem::path& heads)
{
    const ScratchFolder folder;
    for (const HeadsFormat format : {HeadsFormat::v1, HeadsFormat::full, HeadsFormat::vllm,
             HeadsFormat::safetensors, HeadsFormat::v2})
    {
        ConvertHeadsOptions options;
        options.heads = heads;
        options.out = folder.path() / std::to_string(int(format));
        options.to = format;
        options.base = base;
        const bool is_bare = heads.filename().string().ends_with("bare");
        if (format == HeadsFormat::v2 && !is_bare) {
            CHECK_THROWS_AS(convertHeads(options), std::runtime_error);
            continue;
        }
        convertHeads(options);
        checkHeadLogits(base, options.out, heads);
        if (format == HeadsFormat::full)
            checkHeadLogits(options.out, options.out, heads);
        // One matrix that is the base's is held once.
        CHECK(bool(loadFixture(base, options.out)->heads[0].vocab)
            == (!is_bare || format == HeadsFormat::v1 || format == HeadsFormat::full));
    }
}

void checkLoops(const std::filesystem::path& file, const std::filesystem::path& base,
    const std::filesystem::path& heads, int n_threads)
{
    CAPTURE(file.filename().string());
    const auto model = loadFixture(base, heads, n_threads);
    Engine engine(model);
    Session session = engine.makeSession();
    int number = 0;
    for (const auto& loop : readJson(file)) {
        CAPTURE(number++);
        GenerateSettings settings;
        settings.tree = {"fixture", loop["choices"].get<Choices>()};
        settings.temperature = loop["temperature"].get<float>();
        if (settings.temperature > 0)
            settings.acceptance = AcceptanceMode::typical;
        settings.typical_root_argmax = true;
        settings.posterior_threshold = loop["posterior_threshold"].get<float>();
        settings.posterior_alpha = loop["posterior_alpha"].get<float>();
        settings.ignore_eos = true;
        const auto output = loop["output_ids"].get<std::vector<int>>();
        settings.max_tokens = int(output.size());
        session.tokens.clear();
        const Run run = generate(engine, session, loop["prompt"].get<std::vector<int>>(), settings);
        CHECK(run.result.tokens == output);
        // Where two ranks of a head lie this close, their order is the arithmetic's, not the
        // method's.
        if (loop["min_head_topk_gap"].get<double>() < 1e-4)
            continue;
        REQUIRE(run.steps.size() == loop["steps"].size());
        for (size_t i = 0; i < run.steps.size(); i++) {
            const auto& expected = loop["steps"][i];
            CAPTURE(i);
            CHECK(run.steps[i].tokens == expected["tokens"].get<std::vector<int>>());
            CHECK(run.steps[i].accept_length == expected["accept_length"].get<int>());
            CHECK(run.steps[i].path == expected["node_indices"].get<std::vector<int>>());
            if (run.steps[i].nodes.size() == 1)
                continue; // the last token of an answer is not drafted for
            std::vector<int> candidates;
            for (const StepNode& node : run.steps[i].nodes)
                candidates.push_back(node.token);
            CHECK(candidates == expected["tree_candidates"].get<std::vector<int>>());
        }
    }
}

void checkLayerInputs(const std::filesystem::path& folder)
{
    CAPTURE(folder.filename().string());
    const auto model = loadFixture(folder);
    const auto expected = openTensorFile(folder / "expected.safetensors");
    Workspace workspace(*model);
    KvCache cache = makeKvCache(*model);
    int last = 0;
    while (expected->tensors().contains("p" + std::to_string(last + 1) + ".input_ids"))
        last++;
    const std::string p = "p" + std::to_string(last) + ".";
    const auto ids = readTensor<int64_t>(*expected, p + "input_ids");
    const std::vector<int32_t> tokens(ids.begin(), ids.end());
    REQUIRE(tokens.size() <= size_t(kMaxNodes));
    model->backend->upload(workspace.prompt, tokens.data(), tokens.size() * sizeof(int32_t));
    int n_layers = 0;
    forward(*model, cache, workspace, workspace.prompt, int(tokens.size()), nullptr,
        [&](int layer, Tensor x) {
            std::vector<float> values(x.rows * x.cols);
            model->backend->download(values.data(), x.data, values.size() * sizeof(float));
            CHECK(maxDifference(values,
                      readTensor<float>(*expected, p + "layer_input." + std::to_string(layer)))
                < kTolerance);
            n_layers++;
        });
    CHECK(n_layers == model->config.n_layers);
    std::vector<float> hidden(tokens.size() * model->config.dim);
    model->backend->download(hidden.data(), workspace.normed.data, hidden.size() * sizeof(float));
    CHECK(maxDifference(hidden, readTensor<float>(*expected, p + "hidden")) < kTolerance);
}

} // namespace

TEST_CASE("logits and greedy text of the fixture models")
{
    for (const char* name :
        {"llama_mha", "llama_mha_bf16", "llama3_gqa_tied", "llama3_gqa_tied_bf16_v5"})
        for (const int n_threads : {1, 2})
            for (const auto weights : {std::optional<DType>{}, std::optional(DType::f32)})
                checkModel(dataFolder() / "models" / name, n_threads, weights);
    for (const std::string name :
        {"llama_linear", "llama_mha_fp16_bin", "mistral_swa", "qwen2_bias", "qwen2_bias_fp16"})
        for (const auto weights : {std::optional<DType>{}, std::optional(DType::f32)})
            if (sharedHas("fixtures/models/" + name))
                checkModel(sharedFolder() / "fixtures/models" / name, 2, weights);
    if (sharedHas("fixtures/stories260K"))
        checkModel(sharedFolder() / "fixtures/stories260K", 2, std::nullopt);
}

TEST_CASE("the residual stream at the entry of every layer")
{
    checkLayerInputs(dataFolder() / "models" / "llama3_gqa_tied");
    for (const std::string name : {"llama_linear", "mistral_swa", "qwen2_bias"})
        if (sharedHas("fixtures/models/" + name))
            checkLayerInputs(sharedFolder() / "fixtures/models" / name);
}

TEST_CASE("logits of Medusa heads")
{
    const auto base = dataFolder() / "models" / "llama_mha";
    for (const char* name :
        {"llama_mha_trained", "llama_mha_random", "llama_mha_bare", "llama_mha_layers2"})
        checkHeads(base, dataFolder() / "medusa" / "heads" / name);
    for (const char* name : {"stories260K_trained", "stories260K_bare"})
        if (sharedHas("fixtures/medusa/heads/" + std::string(name)))
            checkHeads(sharedFolder() / "fixtures/stories260K",
                sharedFolder() / "fixtures/medusa/heads" / name);
    for (const char* name : {"qwen2_bias_trained", "qwen2_bias_random"})
        if (sharedHas("fixtures/medusa/heads/" + std::string(name)))
            checkHeads(sharedFolder() / "fixtures/models/qwen2_bias",
                sharedFolder() / "fixtures/medusa/heads" / name);
}

TEST_CASE("logits of Medusa heads that were converted")
{
    const auto base = dataFolder() / "models" / "llama_mha";
    for (const char* name :
        {"llama_mha_trained", "llama_mha_random", "llama_mha_bare", "llama_mha_layers2"})
        checkConverted(base, dataFolder() / "medusa" / "heads" / name);
    for (const char* name : {"stories260K_trained", "stories260K_bare"})
        if (sharedHas("fixtures/medusa/heads/" + std::string(name)))
            checkConverted(sharedFolder() / "fixtures/stories260K",
                sharedFolder() / "fixtures/medusa/heads" / name);
    for (const char* name : {"qwen2_bias_trained", "qwen2_bias_random"})
        if (sharedHas("fixtures/medusa/heads/" + std::string(name)))
            checkConverted(sharedFolder() / "fixtures/models/qwen2_bias",
                sharedFolder() / "fixtures/medusa/heads" / name);
}

TEST_CASE("whole generations, step by step")
{
    const auto base = dataFolder() / "models" / "llama_mha";
    for (const char* name :
        {"llama_mha_trained", "llama_mha_random", "llama_mha_bare", "llama_mha_layers2"})
        for (const int n_threads : {1, 2})
            checkLoops(dataFolder() / "medusa" / "loops" / (std::string(name) + ".json"), base,
                dataFolder() / "medusa" / "heads" / name, n_threads);
    for (const std::string name : {"stories260K_trained", "stories260K_bare"})
        if (sharedHas("fixtures/medusa/loops/" + name + ".json"))
            checkLoops(sharedFolder() / "fixtures/medusa/loops" / (name + ".json"),
                sharedFolder() / "fixtures/stories260K",
                sharedFolder() / "fixtures/medusa/heads" / name, 2);
    for (const std::string name : {"qwen2_bias_trained", "qwen2_bias_random"})
        if (sharedHas("fixtures/medusa/loops/" + name + ".json"))
            checkLoops(sharedFolder() / "fixtures/medusa/loops" / (name + ".json"),
                sharedFolder() / "fixtures/models/qwen2_bias",
                sharedFolder() / "fixtures/medusa/heads" / name, 2);
}

TEST_CASE("logits along a tree path equal those of the same tokens in sequence, bit for bit")
{
    const CandidateTree tree = makeCandidateTree(namedTree("mc_sim_7b_63").choices);
    for (const auto weights : {std::optional<DType>{}, std::optional(DType::q4)})
        for (const int n_prompt : {1, 15, 16, 17, 63, 64, 255, 256, 257, 300}) {
            CAPTURE(n_prompt);
            const auto model
                = loadFixture(dataFolder() / "models" / "llama3_gqa_tied", {}, 2, weights);
            Engine engine(model);
            Session session = engine.makeSession();
            const int64_t vocab = model->vocabMatrix().n_out;
            std::vector<int> prompt;
            for (int i = 0; i < n_prompt; i++)
                prompt.push_back((i * 37 + 11) % int(vocab));
            std::vector<int> tokens;
            for (int node = 0; node < tree.nodeCount(); node++)
                tokens.push_back((node * 53 + 7) % int(vocab));
            std::vector<float> in_tree;
            engine.logits(session, prompt, tree, tokens, in_tree, nullptr);
            for (const int node : {0, 1, 10, 20, 40, 62, 63}) {
                std::vector<int> sequence = prompt;
                for (int d = 0; d <= tree.tables.depth[node]; d++)
                    sequence.push_back(tokens[tree.tables.path[node][d]]);
                std::vector<float> alone;
                engine.logits(session, sequence, {}, {}, alone, nullptr);
                CHECK(std::memcmp(in_tree.data() + (n_prompt + node) * vocab,
                          alone.data() + (sequence.size() - 1) * vocab, vocab * sizeof(float))
                    == 0);
            }
        }
}
