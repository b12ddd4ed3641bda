// SPDX-License-Identifier: Apache-2.0
// Chat messages to a prompt. Where each part came from is kept: text of a message never becomes a control token.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"

namespace gorgon {

struct ChatMessage
{
    std::string role; // "system", "user", "assistant"
    std::string content;
    std::vector<int> tokens; // ids of the content as generated, while its text is unchanged; may be empty
};

/// A stretch of a rendered prompt.
struct PromptPart
{
    std::string text;
    int message = -1; // from the content of this message; -1: from the template
};

class ChatTemplate
{
public:
    virtual ~ChatTemplate() = default;
    virtual std::string name() const = 0; // "gorgon"
    virtual std::vector<PromptPart> render(
        const std::vector<ChatMessage>& messages, bool add_generation_prompt) const = 0;
};

/// The template of a model folder (its tokenizer_config.json), or nullptr where it has none. Throws
/// std::runtime_error where the folder has one that no built-in renders.
std::shared_ptr<const ChatTemplate> loadChatTemplate(const std::filesystem::path& folder);
/// A built-in by name; nullptr where there is none of that name.
std::shared_ptr<const ChatTemplate> builtinChatTemplate(const std::string& name);
std::vector<std::string> builtinChatTemplateNames();

/// Rendered text as one string, and its ids: control tokens only from the template's own parts, kept ids
/// spliced in for messages that carry them.
struct RenderedPrompt
{
    std::string text;
    std::vector<int> tokens;
};
RenderedPrompt renderPrompt(const ChatTemplate& chat_template, const Tokenizer& tokenizer,
    const std::vector<ChatMessage>& messages, bool add_generation_prompt);

} // namespace gorgon
