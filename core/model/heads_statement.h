// SPDX-License-Identifier: Apache-2.0
// What config.json beside heads says of them. Published ones are often wrong, so nothing is sized
// by it: it is compared with the tensors and shown.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace gorgon {

struct HeadsStatement
{
    bool is_there = false;
    std::string problem; // why it could not be read, one sentence
    std::string model_type; // "medusa" in vLLM's layout
    std::string version; // "2" for heads that share the base's vocabulary matrix
    std::string base; // base_model_name_or_path
    std::optional<int64_t> heads; // medusa_num_heads, num_heads
    std::optional<int64_t> blocks; // medusa_num_layers, num_hidden_layers
    std::optional<int64_t> width; // hidden_size
    std::optional<int64_t> vocab; // vocab_size
    std::optional<int64_t> truncated_vocab; // truncated_vocab_size
    std::optional<bool> one_vocab; // original_lm_head
    std::optional<bool> bias; // medusa_fc_bias
};

/// Never throws for what the file holds.
HeadsStatement readHeadsStatement(const std::filesystem::path& folder);
/// The same of a config.json that was read already.
HeadsStatement parseHeadsStatement(const nlohmann::json& root);

} // namespace gorgon
