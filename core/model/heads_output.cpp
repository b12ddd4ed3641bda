// SPDX-License-Identifier: Apache-2.0
#include "core/model/heads_output.h"

#include "core/model/file_error.h"
#include "core/model/json_file.h"
#include "core/model/stored_values.h"

namespace gorgon {

namespace {

using Part = HeadKey::Part;

class Builder
{
public:
    Builder(const StoredHeads& heads, HeadsFormat to, const HeadsBase* base)
        : m_heads(heads)
        , m_to(to)
        , m_base(base)
        , m_naming(to == HeadsFormat::vllm ? HeadsNaming::vllm : HeadsNaming::medusa)
    {
    }

    HeadsOutput run(const std::stop_token& stop)
    {
        if (m_heads.isTruncated() && m_to != HeadsFormat::vllm)
            fail("heads that draft from all tokens were expected, these draft from "
                + std::to_string(m_heads.vocab_rows)
                + " only (token_map); only vLLM's format holds such heads");
        addBlocks();
        if (m_to == HeadsFormat::v2)
            checkSharesBase(stop);
        else if (m_to == HeadsFormat::vllm)
            addVllmVocab();
        else
            for (size_t i = 0; i < m_heads.heads.size(); ++i)
                add(Part::vocab, i, size_t(m_heads.n_blocks), vocabOf(i));
        if (m_heads.token_map && !m_heads.isTruncated() && m_to != HeadsFormat::vllm)
            m_output.notes.emplace_back(
                "token_map is left out: the vocabulary matrices have all rows");
        if (m_to == HeadsFormat::v2 && m_heads.n_blocks > 1)
            m_output.notes.emplace_back("TGI and LoRAX read v2 heads of one block only; these have "
                + std::to_string(m_heads.n_blocks));
        if (!m_heads.unknown.empty())
            m_output.notes.push_back(std::to_string(m_heads.unknown.size())
                + " tensors that belong to no head are left out, the first is \""
                + shown(m_heads.unknown.front()) + "\"");
        return std::move(m_output);
    }

private:
    [[noreturn]] void fail(const std::string& sentence) { failFile(m_heads.path, sentence); }

    void add(Part part, size_t head, size_t block, const StoredTensor& tensor,
        std::vector<int64_t> zeros = {})
    {
        const std::string prefix(m_to == HeadsFormat::full ? kFullModelPrefix : "");
        m_output.tensors.push_back(
            {prefix + headTensorName({m_naming, part, int(head), int(block)}), tensor,
                std::move(zeros)});
    }

    // Readers of Medusa's own formats leave an absent bias at random; vLLM has all or none.
    void addBlocks()
    {
        size_t n_biases = 0;
        size_t n_blocks = 0;
        for (const StoredHead& head : m_heads.heads)
            for (const StoredHead::Block& block : head.blocks) {
                ++n_blocks;
                n_biases += block.bias ? 1 : 0;
            }
        m_output.has_bias = n_biases > 0 || (m_to != HeadsFormat::vllm && n_blocks > 0);
        for (size_t i = 0; i < m_heads.heads.size(); ++i)
            for (size_t j = 0; j < m_heads.heads[i].blocks.size(); ++j) {
                const StoredHead::Block& block = m_heads.heads[i].blocks[j];
                add(Part::weight, i, j, block.weight);
                if (block.bias)
                    add(Part::bias, i, j, block.bias);
                else if (m_output.has_bias)
                    add(Part::bias, i, j, block.weight, {m_heads.width});
            }
        if (m_output.has_bias && n_biases < n_blocks)
            m_output.notes.push_back(
                "absent biases are stored as zeros, which the format's readers expect: "
                + std::to_string(n_blocks - n_biases) + " of " + std::to_string(n_blocks));
    }

    const StoredTensor& baseVocab(const char* why)
    {
        if (!m_base)
            fail(std::string(why) + "; give that model with --model");
        if (!m_base->vocab)
            failFile(m_base->folder,
                "a vocabulary matrix stored as plain numbers was expected, this model's is packed "
                "or padded; give the model that it was made from");
        return m_base->vocab;
    }

    const StoredTensor& vocabOf(size_t i)
    {
        const StoredTensor& own = m_heads.heads[i].vocab;
        return own ? own
                   : baseVocab("the heads use the vocabulary matrix of their base model, which "
                               "this format stores with them");
    }

    void checkSharesBase(const std::stop_token& stop)
    {
        if (!m_heads.own_vocab)
            return;
        const StoredTensor& vocab
            = baseVocab("v2 stores no vocabulary matrices, which is possible where those of the "
                        "heads equal the base model's");
        for (size_t i = 0; i < (m_heads.one_vocab ? 1 : m_heads.heads.size()); ++i)
            if (!sameValues(m_heads.heads[i].vocab, vocab, stop))
                fail("v2 stores no vocabulary matrices, but that of head " + std::to_string(i)
                    + " differs from the base model's, so it would be lost; convert to v1, full or "
                      "vllm");
        if (m_heads.n_blocks == 0)
            fail("v2 stores no vocabulary matrices, and these heads consist of nothing else");
    }

    void addVllmVocab()
    {
        if (m_heads.own_vocab && !m_heads.one_vocab) {
            for (size_t i = 0; i < m_heads.heads.size(); ++i)
                add(Part::vocab, i, 0, m_heads.heads[i].vocab);
        } else {
            m_output.one_vocab = true;
            add(Part::one_vocab, 0, 0, vocabOf(0));
        }
        if (m_heads.token_map)
            add(Part::token_map, 0, 0, m_heads.token_map);
    }

    const StoredHeads& m_heads;
    HeadsFormat m_to;
    const HeadsBase* m_base;
    HeadsNaming m_naming;
    HeadsOutput m_output;
};

/// The keys that config.json beside the heads has already, where it is of the same kind.
nlohmann::json existingConfig(const StoredHeads& heads)
{
    std::error_code error;
    const std::filesystem::path folder
        = std::filesystem::is_directory(heads.path, error) ? heads.path : heads.path.parent_path();
    const bool same_kind = heads.naming == HeadsNaming::medusa && !heads.in_full_model
        && heads.stated.model_type != "medusa";
    if (!same_kind || !heads.stated.is_there || !heads.stated.problem.empty())
        return nlohmann::json::object();
    return readJsonFile(folder / "config.json");
}

std::string baseName(const StoredHeads& heads, const HeadsBase* base)
{
    if (!heads.stated.base.empty() || !base)
        return heads.stated.base;
    std::error_code error;
    return std::filesystem::weakly_canonical(base->folder, error).filename().string();
}

const char* torchType(const std::string& dtype)
{
    return dtype == "F16" ? "float16" : dtype == "BF16" ? "bfloat16" : "float32";
}

nlohmann::json vllmConfig(
    const StoredHeads& heads, const HeadsBase* base, const HeadsOutput& output)
{
    const int64_t rows = heads.own_vocab ? heads.vocab_rows
        : base                           ? base->config.vocab_size
                                         : heads.stated.vocab.value_or(0);
    const int64_t vocab = !heads.isTruncated() ? rows
        : base                                 ? base->config.vocab_size
                                               : heads.stated.vocab.value_or(0);
    if (vocab < 1 || vocab < rows)
        failFile(heads.path,
            "the heads draft from some tokens only (token_map) and nothing says how many there "
            "are; give the base model with --model");
    // Every key with "num" and "heads" or "layers" in it is taken by vLLM for one of these two.
    return {{"architectures", {"MedusaModel"}}, {"model_type", "medusa"},
        {"hidden_size", heads.width}, {"num_heads", heads.heads.size()},
        {"num_hidden_layers", heads.n_blocks}, {"vocab_size", vocab},
        {"truncated_vocab_size", rows}, {"original_lm_head", output.one_vocab},
        {"medusa_fc_bias", output.has_bias}, {"max_paths", 64}, {"topk", 10},
        {"torch_dtype", torchType(output.tensors.front().from.info->dtype)},
        {"base_model_name_or_path", baseName(heads, base)}};
}

} // namespace

HeadsOutput outputHeads(
    const StoredHeads& heads, HeadsFormat to, const HeadsBase* base, const std::stop_token& stop)
{
    return Builder(heads, to, base).run(stop);
}

nlohmann::json outputConfig(
    const StoredHeads& heads, HeadsFormat to, const HeadsBase* base, const HeadsOutput& output)
{
    if (to == HeadsFormat::vllm)
        return vllmConfig(heads, base, output);
    const bool is_full = to == HeadsFormat::full;
    nlohmann::json config
        = is_full ? readJsonFile(base->folder / "config.json") : existingConfig(heads);
    config["medusa_num_heads"] = heads.heads.size();
    config["medusa_num_layers"] = heads.n_blocks;
    config["base_model_name_or_path"] = baseName(heads, base);
    if (is_full)
        return config;
    config["version"] = to == HeadsFormat::v2 ? "2" : "1";
    config["hidden_size"] = heads.width;
    const int64_t vocab = base ? base->config.vocab_size : heads.vocab_rows;
    if (vocab > 0)
        config["vocab_size"] = vocab;
    return config;
}

} // namespace gorgon
