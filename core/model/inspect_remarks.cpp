// SPDX-License-Identifier: Apache-2.0
// What config.json says of heads beside what their tensors hold, and what is odd about these.
#include <algorithm>

#include "core/model/file_error.h"
#include "core/model/inspect_heads.h"
#include "core/model/load_warnings.h"

namespace gorgon {

namespace {

std::string counted(int64_t n, const char* what)
{
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

class Remarks
{
public:
    Remarks(const StoredHeads& heads, const HeadsReport& report, std::vector<std::string>& out)
        : m_heads(heads)
        , m_report(report)
        , m_out(out)
    {
    }

    void add()
    {
        addStatement();
        addTensors();
    }

private:
    void say(const std::string& sentence)
    {
        m_out.push_back(shown(m_heads.path.string(), 4096) + ": " + sentence);
    }

    void compare(const std::optional<int64_t>& stated, int64_t found, const char* key,
        const char* before, const char* behind)
    {
        if (stated && *stated != found)
            say("config.json says " + std::string(key) + " " + std::to_string(*stated) + ", "
                + before + " " + std::to_string(found) + " " + behind + "; the tensors count");
    }

    void addStatement()
    {
        const HeadsStatement& stated = m_heads.stated;
        const bool is_vllm = m_heads.naming == HeadsNaming::vllm;
        if (!stated.is_there) {
            say("there is no config.json beside the heads; it would name their base model");
            return;
        }
        if (!stated.problem.empty()) {
            m_out.push_back(stated.problem + "; the heads are read without it");
            return;
        }
        compare(stated.heads, m_report.n_heads, is_vllm ? "num_heads" : "medusa_num_heads",
            "the tensors hold", "heads");
        compare(stated.blocks, m_report.n_blocks,
            is_vllm ? "num_hidden_layers" : "medusa_num_layers", "the heads have", "blocks each");
        compare(stated.width, m_report.width, "hidden_size", "the heads are", "wide");
        if (m_heads.own_vocab && !m_heads.token_map)
            compare(stated.vocab, m_report.vocab_rows, "vocab_size",
                "their vocabulary matrices have", "rows");
        if (is_vllm && stated.truncated_vocab && m_heads.own_vocab)
            compare(stated.truncated_vocab, m_report.vocab_rows, "truncated_vocab_size",
                "their vocabulary matrices have", "rows");
        if (!m_heads.in_full_model && !stated.heads)
            say("config.json does not say how many heads there are; the tensors hold "
                + std::to_string(m_report.n_heads));
        if (is_vllm && stated.one_vocab.value_or(false) != m_heads.one_vocab)
            say(std::string("config.json says original_lm_head ")
                + (stated.one_vocab.value_or(false) ? "true" : "false or nothing")
                + (m_heads.one_vocab ? ", the tensors hold one vocabulary matrix for all heads"
                                     : ", the tensors do not hold one matrix for all heads"));
        if (is_vllm && stated.bias.value_or(false) != (m_report.n_biases > 0))
            say(std::string("config.json says medusa_fc_bias ")
                + (stated.bias.value_or(false) ? "true" : "false or nothing")
                + ", the tensors hold " + std::to_string(m_report.n_biases)
                + (m_report.n_biases == 1 ? " bias" : " biases"));
        addBase(stated.base);
    }

    void addBase(const std::string& base)
    {
        if (m_heads.in_full_model)
            return;
        if (base.empty() || base == "N/A" || base == "None")
            say("config.json names no base model (base_model_name_or_path)");
        else if ((base.starts_with('/') || base.starts_with('.') || base.starts_with('~'))
            && !statedBaseFolder(m_heads))
            say("config.json names its base by a path that is not there: " + shown(base));
    }

    void addTensors()
    {
        const int n_all = m_report.n_heads * m_report.n_blocks;
        if (m_report.n_biases < n_all && (m_report.n_biases > 0 || !isVllm()))
            say(counted(n_all - m_report.n_biases, "block") + " of " + std::to_string(n_all)
                + (n_all - m_report.n_biases == 1 ? " has" : " have")
                + " no bias; it is taken for zero");
        if (m_report.dtypes.size() > 1) {
            std::string types;
            for (const auto& [dtype, n] : m_report.dtypes)
                types += (types.empty() ? "" : " and ") + dtype;
            say("the heads are stored in " + types);
        }
        if (m_heads.isTruncated())
            say("the heads draft from " + std::to_string(m_report.n_mapped_tokens)
                + " tokens only (token_map)");
        else if (m_heads.token_map)
            say("token_map is there and not used: the vocabulary matrices have all rows");
        if (isVllm() && !m_heads.own_vocab)
            say("there is no vocabulary matrix (lm_heads.0.weight); vLLM does not load such heads");
        if (!m_heads.unknown.empty()) {
            std::string names;
            for (size_t i = 0; i < std::min<size_t>(5, m_heads.unknown.size()); ++i)
                names += (i == 0 ? "" : ", ") + shown(m_heads.unknown[i]);
            say(counted(int64_t(m_heads.unknown.size()), "tensor")
                + (m_heads.unknown.size() == 1 ? " belongs" : " belong") + " to no head: " + names
                + (m_heads.unknown.size() > 5 ? " and so on" : ""));
        }
    }

    bool isVllm() const { return m_heads.naming == HeadsNaming::vllm; }

    const StoredHeads& m_heads;
    const HeadsReport& m_report;
    std::vector<std::string>& m_out;
};

} // namespace

void addRemarks(
    const StoredHeads& heads, const HeadsReport& report, std::vector<std::string>& remarks)
{
    Remarks(heads, report, remarks).add();
}

} // namespace gorgon
