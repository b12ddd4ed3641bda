// SPDX-License-Identifier: Apache-2.0
// What tokenizer_config.json, special_tokens_map.json and added_tokens.json of a model folder say;
// all optional.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/text/added_token.h"

namespace gorgon {

struct TokenizerConfig
{
    std::optional<bool> add_bos_token;
    /// False: no space is put in front of text that follows a control token.
    std::optional<bool> legacy;
    std::string bos_token, eos_token; // empty: not stated
    std::string tokenizer_class; // the reference's name, "Qwen2Tokenizer"; empty: not stated
    std::map<int, AddedToken> added_tokens; // by id
};

/// Throws std::runtime_error naming the file that is unsound.
TokenizerConfig readTokenizerConfig(const std::filesystem::path& folder);

} // namespace gorgon
