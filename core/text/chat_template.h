// SPDX-License-Identifier: Apache-2.0
// Chat messages to a prompt. Where each part came from is kept: text of a message never becomes a
// control token.
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
    std::vector<int>
        tokens; // ids of the content as generated, while its text is unchanged; may be empty
};

/// A stretch of a rendered prompt.
struct PromptPart
{
    /// Begin and End stand for the tokenizer's own tokens: their text is the tokenizer's, except
    /// that an empty one yields the id and no text.
    enum class Kind
    {
        Text,
        Begin,
        End,
    };

    std::string text;
    int message = -1; // from the content of this message; -1: from the template
    Kind kind = Kind::Text;
};

class ChatTemplate
{
public:
    virtual ~ChatTemplate() = default;
    virtual std::string name() const = 0; // "gorgon"
    /// Throws std::runtime_error where the template has no place for these messages.
    virtual std::vector<PromptPart> render(
        const std::vector<ChatMessage>& messages, bool add_generation_prompt) const = 0;
};

/// The template of a model folder (its tokenizer_config.json), or nullptr where it has none. Throws
/// std::runtime_error where the folder has one that no built-in renders.
std::shared_ptr<const ChatTemplate> loadChatTemplate(const std::filesystem::path& folder);
/// A built-in by name; nullptr where there is none of that name.
std::shared_ptr<const ChatTemplate> builtinChatTemplate(const std::string& name);
std::vector<std::string> builtinChatTemplateNames();
/// The built-in that renders what this Jinja text renders. Throws std::runtime_error naming `what`
/// otherwise.
std::shared_ptr<const ChatTemplate> chatTemplateFromJinja(
    const std::string& jinja, const std::string& what);

/// Rendered text as one string, and its ids: control tokens only from the template's own parts,
/// kept ids spliced in for messages that carry them while these still read as the content.
struct RenderedPrompt
{
    std::string text;
    std::vector<int> tokens;
};
RenderedPrompt renderPrompt(const ChatTemplate& chat_template, const Tokenizer& tokenizer,
    const std::vector<ChatMessage>& messages, bool add_generation_prompt);

} // namespace gorgon
