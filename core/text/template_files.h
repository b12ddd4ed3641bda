// SPDX-License-Identifier: Apache-2.0
// The files of a model folder that hold chat templates.
#pragma once

#include <filesystem>
#include <vector>

#include "core/text/chat_template.h"

namespace gorgon {

struct TemplateText
{
    std::string name; // "default", "tool_use", ...
    std::string jinja;
    std::filesystem::path file;
};

/// chat_template.jinja before tokenizer_config.json before chat_template.json, then
/// additional_chat_templates/NAME.jinja; each name once. Throws std::runtime_error.
std::vector<TemplateText> readTemplateFiles(const std::filesystem::path& folder);
/// The texts that tokenizer_config.json and special_tokens_map.json give to bos_token and the like.
SpecialTokens readSpecialTokens(const std::filesystem::path& folder);

} // namespace gorgon
