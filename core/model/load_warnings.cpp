// SPDX-License-Identifier: Apache-2.0
#include "core/model/load_warnings.h"

#include <algorithm>
#include <charconv>

#include "core/model/architectures/architecture.h"
#include "core/model/file_error.h"
#include "core/model/heads_match.h"
#include "core/model/json_file.h"

namespace gorgon {

namespace {

std::string lowerCase(std::string text)
{
    for (char& c : text)
        if (c >= 'A' && c <= 'Z')
            c = char(c - 'A' + 'a');
    return text;
}

class Warnings
{
public:
    Warnings(const std::filesystem::path& folder, const ModelConfig& config, const LoadPlan& plan,
        const Checkpoint& checkpoint)
        : m_config_file(folder / "config.json")
        , m_config(config)
        , m_plan(plan)
        , m_checkpoint(checkpoint)
    {
    }

    std::vector<std::string> run()
    {
        addUnused();
        addPadding(m_plan.embedding, "the embedding matrix");
        addPadding(m_plan.lm_head, "lm_head.weight");
        for (const int eos : m_config.eos_tokens)
            addToken("eos_token_id", eos, "no answer ends by it");
        addToken("bos_token_id", m_config.bos_token, "no text can begin with it");
        addClass();
        return std::move(m_out);
    }

private:
    void say(const std::filesystem::path& file, const std::string& sentence)
    {
        m_out.push_back(shown(file.string(), 4096) + ": " + sentence);
    }

    /// Layers by the names of tensors: "model.layers.2.mlp.up_proj.weight" is of the third.
    int64_t countLayers() const
    {
        constexpr std::string_view kLayers = "layers.";
        int64_t n = 0;
        for (const auto& [name, tensor] : m_checkpoint.tensors()) {
            const size_t at = name.find(kLayers);
            if (isHeadTensor(name) || at == std::string::npos || (at > 0 && name[at - 1] != '.'))
                continue;
            uint32_t layer = 0;
            const char* const first = name.data() + at + kLayers.size();
            const auto [end, error] = std::from_chars(first, name.data() + name.size(), layer);
            if (error == std::errc() && end != name.data() + name.size() && *end == '.')
                n = std::max(n, int64_t(layer) + 1);
        }
        return n;
    }

    void addUnused()
    {
        constexpr size_t kNamed = 5;
        const std::vector<std::string> unused = unusedTensors(m_plan, m_checkpoint);
        if (unused.empty())
            return;
        std::string names;
        for (size_t i = 0; i < std::min(unused.size(), kNamed); ++i)
            names += (i > 0 ? ", " : "") + shown(unused[i]);
        const int64_t n_layers = countLayers();
        say(m_checkpoint.path(),
            std::to_string(unused.size())
                + (unused.size() == 1 ? " tensor is not used: " : " tensors are not used: ") + names
                + (unused.size() > kNamed ? ", ..." : "")
                + (n_layers > m_config.n_layers ? "; they hold " + std::to_string(n_layers)
                            + " layers, config.json says num_hidden_layers "
                            + std::to_string(m_config.n_layers) + ": check it, or the text will be "
                            + "of no use"
                                                : ""));
    }

    void addPadding(const PlannedMatrix& matrix, const char* name)
    {
        if (!matrix || matrix.parts.front().info->shape.front() == matrix.n_out)
            return;
        const StoredTensor& stored = matrix.parts.front();
        say(stored.file->path(),
            std::string(name) + " has " + std::to_string(stored.info->shape.front())
                + " rows; the first " + std::to_string(matrix.n_out)
                + " are used, as vocab_size says");
    }

    void addToken(const char* name, int token, const char* result)
    {
        if (token >= m_config.vocab_size)
            say(m_config_file,
                std::string(name) + " (here or in generation_config.json) should be below "
                    + std::to_string(m_config.vocab_size) + ", the vocabulary, it is "
                    + std::to_string(token) + "; " + result);
    }

    std::vector<std::string> readClasses() const
    {
        std::vector<std::string> result;
        const nlohmann::json root = readJsonFile(m_config_file);
        const auto list = root.find("architectures");
        if (list != root.end() && list->is_array())
            for (const nlohmann::json& name : *list)
                if (name.is_string())
                    result.push_back(name.get<std::string>());
        return result;
    }

    /// "LlamaForCausalLM", "LlamaModel", "MedusaModelLlama" of a Llama pass.
    void addClass()
    {
        const Architecture* architecture = findArchitecture(m_config.architecture);
        const std::vector<std::string> classes = readClasses();
        if (!architecture || classes.empty())
            return;
        const auto is_expected = [&](const std::string& name) {
            const std::string lower = lowerCase(name);
            const bool is_family = lower.find(architecture->type) != std::string::npos
                || lower.starts_with("medusa");
            const bool is_task = name.find("For") != std::string::npos;
            return is_family && (!is_task || name.ends_with("ForCausalLM"));
        };
        if (std::none_of(classes.begin(), classes.end(), is_expected))
            say(m_config_file,
                "architectures should be " + std::string(architecture->name)
                    + "ForCausalLM by model_type " + m_config.architecture + ", it is "
                    + shown(classes.front())
                    + "; check that this is a model for text of that family");
    }

    std::filesystem::path m_config_file;
    const ModelConfig& m_config;
    const LoadPlan& m_plan;
    const Checkpoint& m_checkpoint;
    std::vector<std::string> m_out;
};

std::filesystem::path whole(const std::filesystem::path& path)
{
    std::error_code error;
    const auto result = std::filesystem::weakly_canonical(path, error);
    return error ? path : result;
}

bool isWithin(const std::filesystem::path& path, const std::filesystem::path& folder)
{
    const std::filesystem::path inner = whole(path);
    const std::filesystem::path outer = whole(folder);
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first
        == outer.end();
}

/// The name is a part of the folder's path, as in models--lmsys--vicuna-7b-v1.3/snapshots/...
bool isNamedIn(const std::string& name, const std::filesystem::path& folder)
{
    return lowerCase(whole(folder).string()).find(lowerCase(name)) != std::string::npos;
}

} // namespace

std::vector<std::string> loadWarnings(const std::filesystem::path& folder,
    const ModelConfig& config, const LoadPlan& plan, const Checkpoint& checkpoint)
{
    return Warnings(folder, config, plan, checkpoint).run();
}

std::optional<std::filesystem::path> statedBaseFolder(const StoredHeads& heads)
{
    const std::string& base = heads.stated.base;
    if (base.empty() || base.size() > 4096 || base.find('\0') != std::string::npos)
        return {};
    std::error_code error;
    const std::filesystem::path beside
        = std::filesystem::is_directory(heads.path, error) ? heads.path : heads.path.parent_path();
    const std::filesystem::path folder = beside / base;
    return std::filesystem::is_directory(folder, error) ? std::optional(folder) : std::nullopt;
}

std::vector<std::string> headsWarnings(
    const StoredHeads& heads, const ModelConfig& base, const std::filesystem::path& folder)
{
    std::vector<std::string> result;
    const std::string file = shown(heads.path.string(), 4096);
    if (heads.own_vocab && heads.vocab_rows > base.vocab_size && headsMismatch(heads, base).empty())
        result.push_back(file + ": the vocabulary matrices have " + std::to_string(heads.vocab_rows)
            + " rows, the base model knows " + std::to_string(base.vocab_size)
            + " tokens; the rows behind them are taken for padding and left out");
    const std::string stated = lastNamePart(statedModel(heads.stated.base));
    if (stated.empty() || heads.in_full_model || isWithin(heads.path, folder))
        return result;
    const auto there = statedBaseFolder(heads);
    const bool is_same = there && whole(*there) == whole(folder);
    if (!is_same && !isNamedIn(stated, folder))
        result.push_back(file + ": config.json names the base model \"" + shown(heads.stated.base)
            + "\", this one is \"" + shown(folder.string(), 4096)
            + "\"; shapes alone do not prove that heads were trained on it");
    return result;
}

} // namespace gorgon
