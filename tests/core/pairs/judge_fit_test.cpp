// SPDX-License-Identifier: Apache-2.0
#include "core/pairs/judge_fit.h"

#include <doctest/doctest.h>

#include <limits>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/wait.h>
#include <unistd.h>

#include "core/decode/engine.h"
#include "core/model/transformer.h"
#include "tests/core/pairs/local_facts.h"
#include "tests/support/paths.h"
#include "tests/support/process_memory.h"

using namespace gorgon;
using namespace gorgon::tests;
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kPlenty = uint64_t(1) << 40;

std::vector<FitDevice> processor(uint64_t free_bytes = kPlenty)
{
    return {{makeCpuBackend({1}), free_bytes}};
}

uint64_t lineOf(const FormatFit& fit, const std::string& start)
{
    for (const FitLine& line : fit.lines)
        if (line.what.starts_with(start))
            return line.bytes;
    return 0;
}

uint64_t headLine(const FormatFit& fit)
{
    for (const FitLine& line : fit.lines)
        if (line.what.find(" head") != std::string::npos)
            return line.bytes;
    return 0;
}

/// A whole 7B of which no byte is here: configuration and sizes as the hub lists them.
ModelFacts vicuna(const std::string& dtype = "float16", uint64_t weight_bytes = 13'476'925'163)
{
    ModelFacts facts;
    facts.repository = "lmsys/vicuna-7b-v1.3";
    facts.has_weights = facts.has_pickle = true;
    facts.texts["config.json"] = R"({"architectures": ["LlamaForCausalLM"], "hidden_act": "silu",
        "hidden_size": 4096, "intermediate_size": 11008, "max_position_embeddings": 2048,
        "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 32,
        "rms_norm_eps": 1e-06, "tie_word_embeddings": false, "torch_dtype": ")"
        + dtype + R"(", "vocab_size": 32000})";
    facts.files = {{"config.json", 566, true},
        {"pytorch_model-00001-of-00002.bin", weight_bytes - 3'500'000'000, false},
        {"pytorch_model-00002-of-00002.bin", 3'500'000'000, false}};
    return facts;
}

/// As FasterDecoding/medusa-vicuna-7b-v1.3: a pickle with five heads, a config.json that says two.
ModelFacts vicunaHeads()
{
    ModelFacts facts;
    facts.repository = "FasterDecoding/medusa-vicuna-7b-v1.3";
    facts.has_heads = facts.has_pickle = true;
    facts.texts["config.json"] = R"({"base_model_name_or_path": "lmsys/vicuna-7b-v1.3",
        "medusa_num_heads": 2, "medusa_num_layers": 1, "transformers_version": "4.31.0"})";
    facts.files = {{"config.json", 155, false},
        {"medusa_lm_head.pt", 5 * (4096ULL * 4096 + 4096 + 32000 * 4096) * 2 + 4211, false}};
    return facts;
}

} // namespace

TEST_CASE("a plan made from the hub's facts is what loading takes, for every format")
{
    const fs::path models = dataFolder() / "models";
    const fs::path more = dataFolder() / "models_more";
    const fs::path heads_of_mha = dataFolder() / "medusa" / "heads" / "llama_mha_trained";
    const fs::path demo = fs::path(GORGON_SOURCE_DIR) / "resources" / "demo_model";
    struct Case
    {
        fs::path model, heads;
    };
    std::vector<Case> cases = {{models / "llama_mha", heads_of_mha},
        {models / "llama3_gqa_tied", {}}, {models / "llama3_gqa_tied_bf16_v5", {}},
        {models / "llama_mha_with_medusa", models / "llama_mha_with_medusa"}, {demo, demo},
        {more / "qwen3", {}}, {more / "qwen2_yarn_factor", {}}, {more / "smollm3_list_v5", {}},
        {more / "llama3_biases", {}}, {more / "llama_head_dim", {}}};
    for (const Case& each : cases) {
        CAPTURE(each.model.string());
        const ModelFacts base = factsOf(each.model, "test/base");
        const ModelFacts heads
            = each.heads.empty() ? ModelFacts() : factsOf(each.heads, "test/heads");
        // Known by its configuration alone, or also by the header of its file.
        ModelFacts bare = base;
        bare.headers.erase("model.safetensors");
        for (const ModelFacts* facts : {&base, static_cast<const ModelFacts*>(&bare)}) {
            if (each.model == each.heads && facts == &bare && each.model != demo)
                continue; // its heads are known by the header alone
            const ModelFacts* const with = each.heads.empty()    ? nullptr
                : each.model == each.heads && each.model != demo ? facts
                                                                 : &heads;
            const PairFit pair = judgeFit(processor(), *facts, with, 0);
            REQUIRE(pair.problem == "");
            REQUIRE(pair.devices.size() == 1);
            REQUIRE(pair.devices[0].formats.size() == 4);
            CHECK(pair.fit == Fit::fits);
            CHECK(pair.devices[0].best == 0);
            for (const FormatFit& format : pair.devices[0].formats) {
                CAPTURE(format.weights);
                LoadOptions options;
                options.model = each.model;
                options.no_heads = each.heads.empty();
                if (!each.heads.empty() && each.heads != each.model)
                    options.heads = each.heads;
                for (const DType dtype : {DType::bf16, DType::q8, DType::q4})
                    if (format.weights == dtypeName(dtype))
                        options.weights = dtype;
                const auto model = loadModel(makeCpuBackend({1}), options);
                const Workspace workspace(*model);
                const KvCache cache = makeKvCache(*model);
                const uint64_t really = model->memoryBytes() + kvCacheBytes(*model)
                    + workspace.bytes()
                    + uint64_t(kMaxNodes) * uint64_t(model->config.vocab_size) * 4;
                CHECK(pair.context == model->context);
                CHECK(pair.n_heads == int(model->heads.size()));
                CHECK(headLine(format) == model->head_bytes);
                CHECK(lineOf(format, "base model") == model->memoryBytes() - model->head_bytes);
                CHECK(format.bytes == doctest::Approx(double(really)).epsilon(0.02));
                uint64_t sum = 0;
                for (const FitLine& line : format.lines)
                    sum += line.bytes;
                CHECK(sum == format.bytes);
            }
        }
    }
}

TEST_CASE("a model of which only configuration and sizes are known is judged before it is fetched")
{
    const ModelFacts base = vicuna(), heads = vicunaHeads();
    const PairFit pair = judgeFit(processor(), base, &heads, 2048);
    REQUIRE(pair.problem == "");
    CHECK(pair.n_heads == 5); // whatever config.json says
    CHECK(pair.context == 2048);
    CHECK(pair.max_context == 2048);
    const std::vector<FormatFit>& formats = pair.devices.at(0).formats;
    CHECK(lineOf(formats[0], "base model in f16")
        == doctest::Approx(6'738'415'616.0 * 2).epsilon(0.001));
    CHECK(headLine(formats[0]) == doctest::Approx(1'480'000'000.0).epsilon(0.01));
    CHECK(lineOf(formats[0], "keys and values") == 2 * 32 * 4096 * 2 * (2048ULL + 256));
    CHECK(lineOf(formats[2], "base model in q8")
        == doctest::Approx(6'738'415'616.0 * 34 / 32).epsilon(0.001));
    CHECK(formats[2].bytes > formats[3].bytes);

    // The files decide over what config.json says of their type.
    const PairFit wide = judgeFit(processor(), vicuna("float16", 26'953'000'000), nullptr);
    CHECK(lineOf(wide.devices.at(0).formats[0], "base model in f32")
        == doctest::Approx(6'738'415'616.0 * 4).epsilon(0.001));
    CHECK(wide.n_heads == 0);
    CHECK(wide.devices[0].formats[0].lines.size() == 3);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

/// Bytes of a process of its own, which first gives back what was freed before and would be taken
/// again, that a random model with three heads and a prompt of 1,000 tokens in a context of 1,024
/// take.
double takenByAnswer(const ModelConfig& config, DType dtype)
{
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
#ifdef __GLIBC__
        ::malloc_trim(0);
#endif
        const uint64_t before = statusBytes("VmRSS:");
        Engine engine(makeRandomModel(makeCpuBackend({1}), config, dtype, 1024, 3, true, 7));
        Session session = engine.makeSession();
        GenerateSettings settings;
        settings.max_tokens = 8;
        settings.temperature = 1;
        settings.top_p = 0.9F; // so that rows of logits are kept
        settings.ignore_eos = true;
        std::vector<int> prompt(1000);
        for (size_t i = 0; i < prompt.size(); ++i)
            prompt[i] = int(i * 7 % size_t(config.vocab_size));
        engine.generate(session, prompt, settings);
        const double taken = double(statusBytes("VmRSS:") - before);
        ::_exit(::write(ends[1], &taken, sizeof taken) == ssize_t(sizeof taken) ? 0 : 1);
    }
    double taken = 0;
    const ssize_t n_read = ::read(ends[0], &taken, sizeof taken);
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(ends[0]);
    ::close(ends[1]);
    REQUIRE(n_read == ssize_t(sizeof taken));
    return taken;
}

} // namespace
#endif

TEST_CASE("a model that runs takes of this process what was planned")
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    MESSAGE("skipped: sanitizers take memory of their own");
#else
    ModelFacts base;
    base.repository = "test/base";
    base.has_weights = true;
    base.texts["config.json"] = R"({"model_type": "llama", "hidden_act": "silu",
        "hidden_size": 512, "intermediate_size": 1536, "num_hidden_layers": 8,
        "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 8000,
        "max_position_embeddings": 2048, "torch_dtype": "float32"})";
    ModelFacts heads;
    heads.repository = "test/heads";
    heads.has_heads = true;
    heads.files = {{"medusa_lm_head.pt", 3 * (512 * 512 + 512 + 8000 * 512) * 2ULL + 3000, false}};
    const PairFit pair = judgeFit(processor(), base, &heads, 1024);
    REQUIRE(pair.problem == "");
    CHECK(pair.n_heads == 3);
    ModelConfig config;
    config.architecture = "llama";
    config.dim = 512;
    config.ff_dim = 1536;
    config.n_layers = 8;
    config.n_heads = 8;
    config.n_kv_heads = 4;
    config.head_dim = 64;
    config.vocab_size = 8000;
    config.max_context = 2048;
    for (const FormatFit& format : pair.devices[0].formats) {
        CAPTURE(format.weights);
        DType dtype = DType::f32;
        for (const DType each : {DType::bf16, DType::q8, DType::q4})
            if (format.weights == dtypeName(each))
                dtype = each;
        const double taken = takenByAnswer(config, dtype);
        MESSAGE(format.weights << ": planned " << format.bytes << ", taken " << taken);
        CHECK(double(format.bytes) == doctest::Approx(taken).epsilon(0.1));
    }
#endif
}

TEST_CASE("a longer context takes more, and no more than the model has")
{
    const ModelFacts base = vicuna();
    const PairFit little = judgeFit(processor(), base, nullptr, 256);
    const PairFit much = judgeFit(processor(), base, nullptr, 1'000'000);
    CHECK(little.context == 256);
    CHECK(much.context == 2048);
    CHECK(little.devices[0].formats[0].bytes < much.devices[0].formats[0].bytes);
}

TEST_CASE("lengths of context to choose from end with what the model was made for")
{
    CHECK(contextChoices(0).empty());
    CHECK(contextChoices(512) == std::vector<int64_t>{512});
    CHECK(contextChoices(1024) == std::vector<int64_t>{1024});
    CHECK(contextChoices(6000) == std::vector<int64_t>{1024, 2048, 4096, 6000});
    CHECK(contextChoices(std::numeric_limits<int64_t>::max()).size() == 32);
}

TEST_CASE("every length of context is judged in every format, with the sum of each")
{
    const ModelFacts base = vicuna(), heads = vicunaHeads();
    const std::vector<PairFit> all = judgeContexts(processor(), base, &heads);
    REQUIRE(all.size() == 2);
    for (const PairFit& each : all) {
        const PairFit alone = judgeFit(processor(), base, &heads, each.context);
        CHECK(each.sentence == alone.sentence);
        REQUIRE(each.devices.at(0).formats.size() == 4);
        for (size_t i = 0; i < 4; ++i)
            CHECK(each.devices[0].formats[i].bytes == alone.devices[0].formats[i].bytes);
    }
    CHECK(all[0].context == 1024);
    CHECK(all[1].context == 2048);

    // Between the two in q8: the shorter one fits, the longer one does not.
    const uint64_t shorter = all[0].devices[0].formats[2].bytes;
    const uint64_t longer = all[1].devices[0].formats[2].bytes;
    REQUIRE(shorter < longer);
    const std::vector<PairFit> some
        = judgeContexts(processor((shorter + longer) / 2), base, &heads, {9'999'999, 1024, 0});
    REQUIRE(some.size() == 2); // the model's own length twice, shortest first
    CHECK(some[0].devices[0].formats[2].fit == Fit::tight);
    CHECK(some[1].devices[0].formats[2].fit == Fit::lacks);
    CHECK(some[1].devices[0].formats[3].fit == Fit::fits);

    ModelFacts gated = vicuna();
    gated.unread = "accept the licence first";
    const std::vector<PairFit> none = judgeContexts(processor(), gated, nullptr, {1024, 2048});
    REQUIRE(none.size() == 1);
    CHECK(none[0].problem == "accept the licence first");
}

TEST_CASE("what is free decides: it fits, is tight, or lacks so and so much")
{
    const ModelFacts base = vicuna();
    const auto at = [&](double gigabytes) {
        return judgeFit(processor(uint64_t(gigabytes * 1e9)), base, nullptr, 2048);
    };
    const PairFit roomy = at(64);
    CHECK(roomy.fit == Fit::fits);
    CHECK(roomy.devices[0].best == 0);
    CHECK(roomy.sentence.starts_with("native fits on cpu: "));
    const PairFit eight = at(12);
    CHECK(eight.fit == Fit::fits);
    CHECK(eight.devices[0].formats[eight.devices[0].best].weights == "q8");
    CHECK(eight.devices[0].formats[0].fit == Fit::lacks);
    const uint64_t need = eight.devices[0].formats[3].bytes;
    const PairFit tight = at(double(need) / 1e9 * 1.05);
    CHECK(tight.fit == Fit::tight);
    CHECK(tight.devices[0].best == 3);
    CHECK(tight.sentence.starts_with("q4 is tight on cpu: "));
    const PairFit none = at(3);
    CHECK(none.fit == Fit::lacks);
    CHECK(none.devices[0].best == -1);
    CHECK(none.sentence.starts_with("Even q4 needs "));

    // The first device on which it is not tight.
    std::vector<FitDevice> two = processor(uint64_t(5e9));
    two.push_back({makeCpuBackend({1}), kPlenty});
    CHECK(judgeFit(two, base, nullptr, 2048).sentence.starts_with("native fits"));
}

TEST_CASE("packed models are judged by the format they are held in")
{
    ModelFacts base = vicuna("float16", 3'900'000'000);
    std::string& config = base.texts["config.json"];
    config.insert(config.rfind('}'),
        R"(, "quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128})");
    const PairFit pair = judgeFit(processor(), base, nullptr);
    REQUIRE(pair.problem == "");
    const auto& formats = pair.devices[0].formats;
    // Vocabulary and embedding are not packed.
    CHECK(formats[0].bytes > formats[3].bytes);
    CHECK(formats[0].bytes < formats[2].bytes);
}

TEST_CASE("what cannot be judged says why")
{
    const auto problem = [](const ModelFacts& base, const ModelFacts* heads = nullptr) {
        const PairFit pair = judgeFit(processor(), base, heads);
        CHECK(pair.fit == Fit::unknown);
        CHECK(pair.devices.empty());
        return pair.problem;
    };
    ModelFacts gated = vicuna();
    gated.unread = "accept the licence first";
    CHECK(problem(gated) == "accept the licence first");
    ModelFacts other = vicuna();
    other.texts["config.json"] = R"({"model_type": "gemma"})";
    CHECK(problem(other).find("\"gemma\" is not supported") != std::string::npos);
    other.texts["config.json"] = "{";
    CHECK(problem(other).starts_with("lmsys/vicuna-7b-v1.3/config.json: "));
    other.texts.clear();
    CHECK(problem(other).find("config.json was expected") != std::string::npos);
    const ModelFacts heads = vicunaHeads();
    CHECK(problem(heads).find("holds Medusa heads alone") != std::string::npos);
    const ModelFacts base = vicuna();
    CHECK(problem(base, &base).find("Medusa heads were expected") != std::string::npos);
}

TEST_CASE("the disk is judged by what is still missing")
{
    const ModelFacts base = vicuna(), heads = vicunaHeads();
    const DiskFit roomy = judgeDisk(base, &heads, kPlenty);
    CHECK(roomy.fit == Fit::fits);
    CHECK(roomy.missing_bytes == base.bytes() - 566 + heads.bytes());
    CHECK(roomy.lines.size() == 2);
    const DiskFit full = judgeDisk(base, &heads, 1'000'000'000);
    CHECK(full.fit == Fit::lacks);
    CHECK(full.sentence.find("; free 14 GB first.") != std::string::npos);
    CHECK(judgeDisk(base, &base, kPlenty).lines.size() == 1);
    ModelFacts here = vicuna();
    for (FactFile& file : here.files)
        file.is_here = true;
    CHECK(judgeDisk(here, nullptr, 0).fit == Fit::fits);
}
