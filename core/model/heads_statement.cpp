// SPDX-License-Identifier: Apache-2.0
#include "core/model/heads_statement.h"

#include <initializer_list>

#include "core/model/json_file.h"

namespace gorgon {

namespace {

using Names = std::initializer_list<const char*>;

std::optional<int64_t> number(const nlohmann::json& root, const Names& names)
{
    for (const char* name : names)
        if (const auto value = root.find(name); value != root.end() && value->is_number_integer())
            return value->is_number_unsigned() && value->get<uint64_t>() > uint64_t(INT64_MAX)
                ? INT64_MAX
                : value->get<int64_t>();
    return {};
}

std::optional<bool> truth(const nlohmann::json& root, const char* name)
{
    const auto value = root.find(name);
    return value != root.end() && value->is_boolean() ? std::optional(value->get<bool>())
                                                      : std::nullopt;
}

/// Numbers as text too: some write "version": 2.
std::string text(const nlohmann::json& root, const char* name)
{
    const auto value = root.find(name);
    if (value == root.end())
        return "";
    return value->is_string() ? value->get<std::string>() : value->is_number() ? value->dump() : "";
}

} // namespace

HeadsStatement parseHeadsStatement(const nlohmann::json& root)
{
    HeadsStatement result;
    result.is_there = true;
    if (!root.is_object())
        return result;
    result.model_type = text(root, "model_type");
    // A full model's num_heads and num_hidden_layers are those of its attention.
    const bool is_vllm = result.model_type == "medusa";
    result.version = text(root, "version");
    result.base = text(root, "base_model_name_or_path");
    result.heads = is_vllm ? number(root, {"num_heads", "medusa_num_heads", "num_medusa_heads"})
                           : number(root, {"medusa_num_heads", "num_medusa_heads"});
    result.blocks = is_vllm
        ? number(root, {"num_hidden_layers", "medusa_num_layers", "num_medusa_layers"})
        : number(root, {"medusa_num_layers", "num_medusa_layers"});
    result.width = number(root, {"hidden_size"});
    result.vocab = number(root, {"vocab_size"});
    result.truncated_vocab = number(root, {"truncated_vocab_size"});
    result.one_vocab = truth(root, "original_lm_head");
    result.bias = truth(root, "medusa_fc_bias");
    return result;
}

HeadsStatement readHeadsStatement(const std::filesystem::path& folder)
{
    HeadsStatement result;
    const std::filesystem::path file = folder / "config.json";
    std::error_code error;
    if (!std::filesystem::exists(file, error))
        return result;
    try {
        result = parseHeadsStatement(readJsonFile(file));
    } catch (const std::exception& problem) {
        result.problem = problem.what();
    }
    result.is_there = true;
    return result;
}

} // namespace gorgon
