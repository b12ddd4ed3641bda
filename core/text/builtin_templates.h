// SPDX-License-Identifier: Apache-2.0
// The chat templates that come with Gorgon.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/text/chat_template.h"

namespace gorgon {

struct BuiltinTemplate
{
    const char* name;
    const char* jinja;
    const char* mark; // a control token that the tokenizer must have, or nullptr
    bool hides_bos = false;
};

const std::vector<BuiltinTemplate>& builtinTemplates();
/// source: how it was chosen, for people.
std::shared_ptr<ChatTemplate> makeBuiltin(
    const BuiltinTemplate& builtin, const std::string& source);

} // namespace gorgon
