// SPDX-License-Identifier: Apache-2.0
// The chat templates that Gorgon renders itself.
#pragma once

#include <memory>
#include <vector>

#include "core/text/chat_template.h"

namespace gorgon {

struct BuiltinTemplate
{
    const char* name;
    std::vector<PromptPart> (*render)(
        const std::vector<ChatMessage>& messages, bool add_generation_prompt);
    /// Jinja texts that render the same, each as its FNV-1a hash; the texts themselves are other
    /// people's.
    std::vector<std::uint64_t> jinja_hashes;
};

const std::vector<BuiltinTemplate>& builtinTemplates();
std::uint64_t jinjaHash(const std::string& jinja);

} // namespace gorgon
