// SPDX-License-Identifier: Apache-2.0
// Everything a person may tune while text is being made. Plain values, read where a step begins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/decode/candidate_tree.h"

namespace gorgon {

struct GenerateSettings
{
    int max_tokens = 512;
    float temperature = 0;
    float top_p = 1;
    AcceptanceMode acceptance = AcceptanceMode::greedy;
    float posterior_threshold = 0.09F; // epsilon
    float posterior_alpha = 0.3F; // delta
    bool typical_root_argmax = false; // as the reference does
    int n_heads = kMaxHeads; // used, at most those that exist
    int head_top_k = 10; // ranks a tree may use
    int max_nodes = kMaxNodes; // node budget, root included
    TreeSpec tree;
    std::optional<uint64_t> seed; // none: a new one for every answer
    std::vector<std::string> stop; // texts that end an answer
    bool ignore_eos = false;
    // For DecodeStep::head_tokens: ranks of each head that runs, at most kReportedRanks, 0: those
    // of the tree; and whether heads run that the tree does not need.
    int report_ranks = 0;
    bool run_all_heads = false;

    bool operator==(const GenerateSettings&) const = default;
};

/// One sentence naming the setting, its value and its range; empty where all are usable.
std::string settingsProblem(const GenerateSettings& settings);

constexpr const char* acceptanceName(AcceptanceMode mode)
{
    return mode == AcceptanceMode::greedy ? "greedy"
        : mode == AcceptanceMode::typical ? "typical"
                                          : "exact";
}

} // namespace gorgon
