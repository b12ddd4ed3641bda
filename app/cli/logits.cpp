// SPDX-License-Identifier: GPL-3.0-or-later
#include <bit>
#include <map>
#include <span>

#include "app/cli/commands.h"
#include "app/cli/model_options.h"
#include "app/cli/prompt_options.h"
#include "core/model/new_file.h"

namespace gorgon {

namespace {

struct Options
{
    ModelOptions model;
    std::string tokens_file;
    std::string tree_file;
    std::string out;
    bool json = false;
};

struct NamedTensor
{
    std::string name;
    std::vector<int64_t> shape;
    const std::vector<float>& values;
};

/// f32 tensors.
void writeSafetensors(const std::filesystem::path& file, const std::vector<NamedTensor>& tensors)
{
    nlohmann::ordered_json header = nlohmann::ordered_json::object();
    uint64_t offset = 0;
    for (const NamedTensor& tensor : tensors) {
        const uint64_t end = offset + tensor.values.size() * sizeof(float);
        header[tensor.name]
            = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
        offset = end;
    }
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' '); // the data is aligned
    replaceFile(file, [&](NewFile& out) {
        const uint64_t n_header = text.size();
        static_assert(std::endian::native == std::endian::little);
        out.write(std::as_bytes(std::span(&n_header, 1)));
        out.write(text);
        for (const NamedTensor& tensor : tensors)
            out.write(std::as_bytes(std::span(tensor.values)));
    });
}

/// {"choices": [[0], ...], "tokens": [one per node, root first]}.
std::pair<CandidateTree, std::vector<int>> readTree(const std::string& file)
{
    const nlohmann::json json = readJson(file);
    if (!json.is_object() || !json.contains("choices") || !json.contains("tokens")
        || !json["choices"].is_array())
        throw std::runtime_error(
            file + ": expected a JSON object with \"choices\" and \"tokens\", found another");
    Choices choices;
    for (const nlohmann::json& choice : json["choices"])
        choices.push_back(idsOf(choice, file + ", choices"));
    std::pair<CandidateTree, std::vector<int>> tree;
    try {
        tree.first = makeCandidateTree(choices);
    } catch (const std::invalid_argument& problem) {
        throw std::runtime_error(file + ": " + problem.what());
    }
    tree.second = idsOf(json["tokens"], file + ", tokens");
    if (int(tree.second.size()) != tree.first.nodeCount())
        throw std::runtime_error(file + ": expected " + std::to_string(tree.first.nodeCount())
            + " tokens, one per node and the root first, found "
            + std::to_string(tree.second.size()));
    return tree;
}

int run(const Options& options, Program& program)
{
    const std::vector<int> tokens = idsOf(readJson(options.tokens_file), options.tokens_file);
    std::pair<CandidateTree, std::vector<int>> tree;
    if (!options.tree_file.empty())
        tree = readTree(options.tree_file);
    const auto model = openModel(options.model, program);
    Engine engine(model);
    Session session = engine.makeSession();
    const bool with_heads = !model->heads.empty();
    std::vector<float> logits;
    std::vector<float> head_logits;
    engine.logits(
        session, tokens, tree.first, tree.second, logits, with_heads ? &head_logits : nullptr);
    if (program.interrupt.requested())
        throw Interrupted();

    const int64_t vocab = model->vocabMatrix().n_out;
    std::vector<NamedTensor> tensors;
    if (with_heads)
        tensors.push_back({"head_logits",
            {int64_t(model->heads.size()), int64_t(tokens.size()), vocab}, head_logits});
    tensors.push_back({"logits", {int64_t(logits.size()) / vocab, vocab}, logits});
    writeSafetensors(options.out, tensors);
    if (options.json) {
        nlohmann::ordered_json shapes = {{"file", options.out}};
        for (const NamedTensor& tensor : tensors)
            shapes[tensor.name] = tensor.shape;
        printJson(shapes);
    } else
        program.note(options.out + ": " + std::to_string(logits.size() / size_t(vocab))
            + " rows of " + std::to_string(vocab) + " logits");
    return kDone;
}

} // namespace

void addLogits(CLI::App& app, Program& program)
{
    const auto options = std::make_shared<Options>();
    CLI::App* command
        = addCommand(app, program, "logits", "Logits at every position, to a safetensors file",
            "gorgon-cli logits --tokens-file ids.json --out logits.safetensors",
            [options, &program] { return run(*options, program); });
    command->add_option("--tokens-file", options->tokens_file, "JSON file with a list of token ids")
        ->required();
    command
        ->add_option("--out", options->out,
            "File to write: logits, f32 (positions, vocabulary); with heads also head_logits, "
            "(heads, positions, vocabulary)")
        ->required();
    command->add_option("--tree-file", options->tree_file,
        "JSON file with choices, a list of rank paths, and tokens, one per node, the root first: a "
        "tree behind the "
        "tokens, one more row per node");
    addModelOptions(*command, options->model);
    command->add_flag("--json", options->json, "Print the shapes as one JSON value");
}

} // namespace gorgon
