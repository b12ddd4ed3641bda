// SPDX-License-Identifier: Apache-2.0
#include "tests/gpu/answers.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <span>

#include "core/decode/engine.h"
#include "core/model/tensor_file.h"

namespace gorgon::gpu {

namespace {

constexpr uint64_t kSeed = 9;

/// In parts of the largest logit. Weights of 16 and fewer bits are multiplied with rows of 16 bits
/// on a device; the processor has rows of 32 bits, and of 8 against 8 and 4 bits.
float toleranceOf(DType weights)
{
    return weights == DType::f32 ? 2e-3F : isQuantized(weights) ? 8e-2F : 3e-2F;
}

template <typename T> std::vector<T> tensorOf(const TensorFile& file, const std::string& name)
{
    const TensorInfo& info = file.tensors().at(name);
    std::vector<T> values(info.bytes / sizeof(T));
    file.read(info, 0, std::as_writable_bytes(std::span(values)));
    return values;
}

float largest(std::span<const float> values)
{
    float most = 0;
    for (const float value : values)
        most = std::max(most, std::abs(value));
    return most;
}

/// In parts of the largest of `right`; NaN where there is one.
float difference(std::span<const float> values, std::span<const float> right)
{
    float most = values.size() == right.size() ? 0.0F : NAN;
    for (size_t i = 0; i < std::min(values.size(), right.size()); i++) {
        const float off = std::abs(values[i] - right[i]);
        most = off <= most ? most : off;
    }
    return most / largest(right);
}

std::vector<float> logitsOf(Engine& engine, std::span<const int> tokens)
{
    Session session = engine.makeSession();
    std::vector<float> logits;
    engine.logits(session, tokens, {}, {}, logits, nullptr);
    return logits;
}

std::vector<int> greedyText(Engine& engine, std::span<const int> prompt, int n)
{
    GenerateSettings settings;
    settings.max_tokens = n;
    settings.ignore_eos = true;
    Session session = engine.makeSession();
    return engine.generate(session, prompt, settings).tokens;
}

struct TextVerdict
{
    size_t n_equal = 0; // tokens
    float margin = 0; // of the first that differs, in parts of the largest logit
    bool is_right = false;
};

/// Different tokens are right where the processor's logits of both are closer than both devices'
/// errors.
TextVerdict compareText(Engine& engine, Engine& cpu, const std::vector<int>& prompt, int n)
{
    const std::vector<int> text = greedyText(engine, prompt, n), right = greedyText(cpu, prompt, n);
    TextVerdict verdict;
    verdict.n_equal = size_t(
        std::mismatch(text.begin(), text.end(), right.begin(), right.end()).first - text.begin());
    if (text.size() != right.size() || verdict.n_equal == right.size()) {
        verdict.is_right = text.size() == right.size();
        return verdict;
    }
    std::vector<int> tokens = prompt;
    tokens.insert(tokens.end(), right.begin(), right.begin() + long(verdict.n_equal));
    const std::vector<float> logits = logitsOf(cpu, tokens);
    const size_t n_vocab = logits.size() / tokens.size();
    const std::span row = std::span(logits).last(n_vocab);
    verdict.margin
        = (row[size_t(right[verdict.n_equal])] - row[size_t(text[verdict.n_equal])]) / largest(row);
    verdict.is_right = verdict.margin <= 2 * toleranceOf(engine.model().dtype);
    return verdict;
}

void sayText(const TextVerdict& text, int n, Findings& findings)
{
    if (text.n_equal == size_t(n))
        say(" %d tokens: %s |", n, findings.verdict(text.is_right));
    else
        say(" %zu of %d tokens, then %.1e apart: %s |", text.n_equal, n, double(text.margin),
            findings.verdict(text.is_right));
}

void checkFixtures(
    const std::shared_ptr<Backend>& backend, const AnswerOptions& options, Findings& findings)
{
    say("\n## Answers of the fixture models\n");
    say("Largest difference of a logit, in parts of the largest logit.\n");
    say("| model | from the reference | from the CPU | allowed | | greedy text as the CPU's |");
    say("| --- | --- | --- | --- | --- | --- |");
    const std::shared_ptr<Backend> cpu = makeCpuBackend({});
    for (const char* name :
        {"llama_mha", "llama_mha_bf16", "llama3_gqa_tied", "llama3_gqa_tied_bf16_v5"})
    {
        LoadOptions load;
        load.model = std::filesystem::path(GORGON_SOURCE_DIR) / "tests" / "data" / "models" / name;
        load.no_heads = true;
        Engine engine(loadModel(backend, load)), on_cpu(loadModel(cpu, load));
        const auto expected = openTensorFile(load.model / "expected.safetensors");
        const auto ids = tensorOf<int64_t>(*expected, "p0.input_ids");
        const std::vector<int> prompt(ids.begin(), ids.end());
        const std::vector<float> logits = logitsOf(engine, prompt);
        const float from_reference = difference(logits, tensorOf<float>(*expected, "p0.logits"));
        const float from_cpu = difference(logits, logitsOf(on_cpu, prompt));
        const float allowed = toleranceOf(engine.model().dtype);
        const int room = int(engine.model().context) - int(prompt.size());
        const int n = std::min(options.n_tokens, room);
        print("| %s | %.1e | %.1e | %.0e | %s |", name, double(from_reference), double(from_cpu),
            double(allowed), findings.verdict(from_reference <= allowed && from_cpu <= allowed));
        sayText(compareText(engine, on_cpu, prompt, n), n, findings);
    }
}

/// The rows of a chunk by cuBLAS, and one of them by the kernels that steps use.
void checkLongPrompt(const std::shared_ptr<Backend>& backend, const std::shared_ptr<Backend>& cpu,
    const Shape& shape, DType weights, const AnswerOptions& options, Findings& findings)
{
    const auto modelOn = [&](const std::shared_ptr<Backend>& where) {
        return makeRandomModel(where, shape.config, weights,
            options.prompt_tokens + options.n_tokens + 1, 0, false, kSeed, shape.cache);
    };
    Engine engine(modelOn(backend)), on_cpu(modelOn(cpu));
    const int n_vocab = shape.config.vocab_size;
    std::vector<int> prompt;
    for (int i = 0; i < options.prompt_tokens; i++)
        prompt.push_back(int((uint32_t(i) * 2654435761U >> 8U) % uint32_t(n_vocab)));
    const std::vector<float> logits = logitsOf(engine, prompt);
    const float from_cpu = difference(logits, logitsOf(on_cpu, prompt));
    // One token less than a chunk: no row of it goes through cuBLAS.
    const std::vector<float> of_steps
        = logitsOf(engine, std::span(prompt).first(size_t(kMaxNodes - 1)));
    const float from_steps = difference(std::span(logits).first(of_steps.size()), of_steps);
    const float allowed = toleranceOf(weights);
    // The kernels read the same rows; sums and what is rounded of them differ.
    const float allowed_of_steps = weights == DType::f32 ? 2e-3F : 3e-2F;
    print("| %s | %s | %.1e | %.0e | %.1e | %.0e | %s |", shape.name.c_str(), dtypeName(weights),
        double(from_cpu), double(allowed), double(from_steps), double(allowed_of_steps),
        findings.verdict(from_cpu <= allowed && from_steps <= allowed_of_steps));
    sayText(compareText(engine, on_cpu, prompt, options.n_tokens), options.n_tokens, findings);
}

} // namespace

void checkAnswers(
    const std::shared_ptr<Backend>& backend, const AnswerOptions& options, Findings& findings)
{
    checkFixtures(backend, options, findings);
    say("\n## Long prompts, by cuBLAS\n");
    say("Random models, prompts of %d tokens.\n", options.prompt_tokens);
    say("| model | weights | from the CPU | allowed | from steps | allowed | | greedy text as the "
        "CPU's |");
    say("| --- | --- | --- | --- | --- | --- | --- | --- |");
    const std::shared_ptr<Backend> cpu = makeCpuBackend({});
    for (const Shape& shape : options.shapes)
        for (const DType weights : options.formats)
            checkLongPrompt(backend, cpu, shape, weights, options, findings);
}

} // namespace gorgon::gpu
