// SPDX-License-Identifier: GPL-3.0-or-later
// What goes in: prompts as text, chat messages or ids, from options and files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/cli/program.h"
#include "core/text/chat_template.h"

namespace gorgon {

struct PromptOptions
{
    std::string prompt;
    std::string prompt_file;
    std::string messages;
    std::string tokens_file;
    bool raw = false;
};

void addPromptOptions(CLI::App& command, PromptOptions& options);

/// Ids and whether the answer begins a text of its own.
struct Prompt
{
    std::vector<int> tokens;
    bool at_start = false;
};

/// The prompt as ids. tokenizer: may be nullptr with --tokens-file.
Prompt readPrompt(const PromptOptions& options, const std::filesystem::path& model_folder,
    const std::shared_ptr<const Tokenizer>& tokenizer, const Program& program);

/// Ids of a text as typed, the begin token in front where the tokenizer adds one.
std::vector<int> encodeRaw(const Tokenizer& tokenizer, const std::string& text);

/// A whole regular file or standard input. Throws std::runtime_error.
std::string readText(const std::filesystem::path& file);
std::string readStandardInput();

/// JSON with limits; `source` is for messages.
nlohmann::json readJson(const std::filesystem::path& file);
std::vector<int> idsOf(const nlohmann::json& json, const std::string& source);
std::vector<ChatMessage> messagesOf(const nlohmann::json& json, const std::string& source);

/// A built-in by name or a file with Jinja; empty: the model's own or the built-in that suits it,
/// nullptr where there is neither.
std::shared_ptr<const ChatTemplate> chooseTemplate(const std::string& name,
    const std::filesystem::path& model_folder, const Tokenizer& tokenizer, const Program& program);

} // namespace gorgon
