// SPDX-License-Identifier: Apache-2.0
// Chat messages to a prompt, through templates in Jinja. Where each byte came from is kept: text of
// a message never becomes a control token.
#pragma once

#include <ctime>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/text/jinja/template.h"
#include "core/text/tokenizer.h"

namespace gorgon {

struct ChatMessage
{
    std::string role; // "system", "user", "assistant", "tool", ...: see isChatRole
    std::string content;
    std::vector<int>
        tokens; // ids of the content as generated, while its text is unchanged; may be empty
    /// What templates find beside: "tool_calls", "name"; "content" where it is no text but null or
    /// a list of parts. All of it counts as the message's own text.
    nlohmann::ordered_json fields = nullptr;
};

/// Roles that templates know. Others are refused: a role is written between the marks of a
/// template, so it must be no text of a stranger.
bool isChatRole(const std::string& role);

/// A stretch of a rendered prompt. Only the template's own may hold control tokens.
struct PromptPart
{
    std::string text;
    /// From the content of message i >= 0, jinja::kFromTemplate, or jinja::kFromVariables.
    int source = jinja::kFromTemplate;
};

/// "bos_token": "<s>"
using SpecialTokens = std::map<std::string, std::string>;

struct RenderOptions
{
    bool add_generation_prompt = false;
    nlohmann::ordered_json tools; // a list; null: none
    nlohmann::ordered_json variables = nlohmann::ordered_json::object(); // by name
    SpecialTokens special_tokens; // where the template's own folder names none
    std::optional<std::tm> now; // local time; else the clock's
};

class ChatTemplate
{
public:
    /// what: names it in errors. hides_bos: the prompt begins with the tokenizer's begin token
    /// although the text does not show it. Throws std::runtime_error where it is no template.
    ChatTemplate(const std::string& jinja, const std::string& what, std::string name,
        std::string source, bool hides_bos = false);

    const std::string& name() const { return m_name; } // "chatml", "default"
    /// For people: "from tokenizer_config.json", "built in, chosen because ...".
    const std::string& source() const { return m_source; }
    const std::string& jinja() const { return m_template.source(); }
    bool hidesBos() const { return m_hides_bos; }

    const SpecialTokens& specialTokens() const { return m_special_tokens; }
    void setSpecialTokens(SpecialTokens tokens) { m_special_tokens = std::move(tokens); }
    /// The one for prompts with tools, where there is another.
    void setToolTemplate(std::shared_ptr<const ChatTemplate> other)
    {
        m_with_tools = std::move(other);
    }

    /// Neighbouring parts differ in their source. Throws std::runtime_error where the template has
    /// no place for these messages.
    std::vector<PromptPart> render(
        const std::vector<ChatMessage>& messages, const RenderOptions& options) const;

private:
    jinja::Template m_template;
    std::string m_what;
    std::string m_name;
    std::string m_source;
    bool m_hides_bos = false;
    SpecialTokens m_special_tokens;
    std::shared_ptr<const ChatTemplate> m_with_tools;
};

/// The template of a model folder, the built-in that its name or its tokens ask for where it has
/// none, or nullptr. Throws std::runtime_error where its template is unsound.
std::shared_ptr<const ChatTemplate> loadChatTemplate(
    const std::filesystem::path& folder, const Tokenizer& tokenizer);
/// A built-in by name; nullptr where there is none of that name.
std::shared_ptr<const ChatTemplate> builtinChatTemplate(const std::string& name);
std::vector<std::string> builtinChatTemplateNames();
/// A template given as text; `what` is its file. Throws std::runtime_error.
std::shared_ptr<const ChatTemplate> chatTemplateFromJinja(
    const std::string& jinja, const std::string& what);

/// Rendered text as one string, and its ids: control tokens only from the template's own parts,
/// kept ids spliced in for messages that carry them while these still read as the content.
struct RenderedPrompt
{
    std::string text;
    std::vector<int> tokens;
    std::vector<int> sources; // of each token, as PromptPart::source
};
RenderedPrompt renderPrompt(const ChatTemplate& chat_template, const Tokenizer& tokenizer,
    const std::vector<ChatMessage>& messages, RenderOptions options);
RenderedPrompt renderPrompt(const ChatTemplate& chat_template, const Tokenizer& tokenizer,
    const std::vector<ChatMessage>& messages, bool add_generation_prompt);

} // namespace gorgon
