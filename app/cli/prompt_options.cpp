// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/prompt_options.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <limits>
#include <unistd.h>

#include "core/model/json_file.h"
#include "core/model/plain_file.h"

namespace gorgon {

namespace {

constexpr uint64_t kMaxInput = uint64_t(256) << 20;

[[noreturn]] void tooLarge(const std::string& source)
{
    throw std::runtime_error(source + ": expected at most 256 MiB, found more; split it");
}

/// A pipe that the shell made for <(command), or a terminal.
std::string readStream(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    std::string text;
    std::string part(1 << 16, '\0');
    while (stream.read(part.data(), std::streamsize(part.size())) || stream.gcount() > 0) {
        if (text.size() + size_t(stream.gcount()) > kMaxInput)
            tooLarge(file.string());
        text.append(part, 0, size_t(stream.gcount()));
    }
    if (stream.bad() || !stream.eof())
        throw std::runtime_error(
            file.string() + ": expected text, found that it cannot be read; check its permissions");
    return text;
}

} // namespace

void addPromptOptions(CLI::App& command, PromptOptions& options)
{
    CLI::Option_group* group = command.add_option_group("Prompt", "One of these");
    group->add_option("--prompt", options.prompt, "Prompt, rendered by the model's chat template");
    group->add_option("--prompt-file", options.prompt_file, "The same from a file");
    group->add_option("--messages", options.messages,
        "JSON file with chat messages: [{\"role\": \"user\", \"content\": \"...\"}]");
    group->add_option("--tokens-file", options.tokens_file,
        "JSON file with a list of token ids; needs no tokenizer");
    group->require_option(1);
    command.add_flag("--raw", options.raw, "Leave the prompt as typed");
}

std::string readText(const std::filesystem::path& file)
{
    std::error_code error;
    const auto type = std::filesystem::status(file, error).type();
    if (type == std::filesystem::file_type::fifo || type == std::filesystem::file_type::character)
        return readStream(file);
    const PlainFile plain(file);
    if (plain.bytes() > kMaxInput)
        tooLarge(file.string());
    return plain.text(0, plain.bytes());
}

std::string readStandardInput()
{
    std::string text;
    std::string part(1 << 16, '\0');
    for (;;) {
        const ssize_t n = read(STDIN_FILENO, part.data(), part.size());
        if (n < 0 && errno == EINTR)
            throw Interrupted();
        if (n < 0)
            throw std::runtime_error(
                "standard input: expected text, found that it cannot be read; give it a file");
        if (n == 0)
            return text;
        if (text.size() + size_t(n) > kMaxInput)
            tooLarge("standard input");
        text.append(part, 0, size_t(n));
    }
}

nlohmann::json readJson(const std::filesystem::path& file)
{
    return parseJson(readText(file), file);
}

std::vector<int> idsOf(const nlohmann::json& json, const std::string& source)
{
    const auto fail = [&](const std::string& found) {
        throw std::runtime_error(source + ": expected a JSON list of token ids, found " + found);
    };
    if (!json.is_array())
        fail("something else");
    std::vector<int> ids;
    ids.reserve(json.size());
    for (const nlohmann::json& entry : json) {
        if (!entry.is_number_integer() || entry.get<int64_t>() < 0
            || entry.get<int64_t>() > std::numeric_limits<int>::max()
            || (entry.is_number_unsigned()
                && entry.get<uint64_t>() > uint64_t(std::numeric_limits<int>::max())))
            fail("an entry that is no id: " + entry.dump(-1, ' ', true).substr(0, 40));
        ids.push_back(entry.get<int>());
    }
    return ids;
}

std::vector<ChatMessage> messagesOf(const nlohmann::json& json, const std::string& source)
{
    const auto fail = [&](const char* found) {
        throw std::runtime_error(source
            + ": expected a JSON list of messages with \"role\" (system, user, assistant or tool) "
              "and \"content\" or \"tool_calls\", found "
            + found);
    };
    if (!json.is_array())
        fail("something else");
    if (json.empty())
        fail("an empty one");
    std::vector<ChatMessage> messages;
    for (const nlohmann::json& entry : json) {
        const bool says_something = entry.contains("content") || entry.contains("tool_calls");
        if (!entry.is_object() || !says_something || !entry.contains("role")
            || !entry["role"].is_string())
            fail("an entry without these");
        ChatMessage message{entry["role"].get<std::string>(), {}, {}, entry};
        message.fields.erase("role");
        if (const auto content = entry.find("content"); content != entry.end()) {
            if (content->is_string()) {
                message.content = content->get<std::string>();
                message.fields.erase("content");
            } else if (!content->is_null() && !content->is_array()) {
                fail("content that is neither a text nor a list of parts");
            }
        }
        if (!isChatRole(message.role))
            fail("another role");
        messages.push_back(std::move(message));
    }
    return messages;
}

std::shared_ptr<const ChatTemplate> chooseTemplate(const std::string& name,
    const std::filesystem::path& model_folder, const Tokenizer& tokenizer, const Program& program)
{
    std::error_code error;
    std::shared_ptr<const ChatTemplate> chosen;
    if (name.empty())
        chosen = loadChatTemplate(model_folder, tokenizer);
    else if (auto builtin = builtinChatTemplate(name))
        chosen = std::move(builtin);
    else if (std::filesystem::exists(name, error) || name.find('/') != std::string::npos)
        chosen = chatTemplateFromJinja(readText(name), name);
    else {
        std::string known;
        for (const std::string& each : builtinChatTemplateNames())
            known += " " + each;
        throw UsageError("--template: expected one of" + known + " or a file, found " + name);
    }
    if (chosen)
        program.detail("chat template: " + chosen->name() + ", " + chosen->source());
    return chosen;
}

std::vector<int> encodeRaw(const Tokenizer& tokenizer, const std::string& text)
{
    std::vector<int> tokens = tokenizer.encode(text);
    if (tokenizer.addsBos() && tokenizer.bosToken() >= 0)
        tokens.insert(tokens.begin(), tokenizer.bosToken());
    return tokens;
}

Prompt readPrompt(const PromptOptions& options, const std::filesystem::path& model_folder,
    const std::shared_ptr<const Tokenizer>& tokenizer, const Program& program)
{
    if (!options.tokens_file.empty())
        return {idsOf(readJson(options.tokens_file), options.tokens_file), false};
    std::vector<ChatMessage> messages;
    if (!options.messages.empty())
        messages = messagesOf(readJson(options.messages), options.messages);
    else
        messages = {{"user",
            options.prompt_file.empty() ? options.prompt : readText(options.prompt_file), {}}};
    if (options.raw && !options.messages.empty())
        throw UsageError("--raw: goes with --prompt or --prompt-file, not with --messages");
    std::shared_ptr<const ChatTemplate> chat_template;
    if (!options.raw)
        chat_template = chooseTemplate({}, model_folder, *tokenizer, program);
    if (chat_template)
        return {renderPrompt(*chat_template, *tokenizer, messages, true).tokens, true};
    if (!options.messages.empty())
        throw std::runtime_error(model_folder.string()
            + ": expected a chat template to render the messages, found none; give --prompt "
              "instead");
    if (!options.raw)
        program.note("this model has no chat template: the prompt is taken as typed");
    return {encodeRaw(*tokenizer, messages.front().content), false};
}

} // namespace gorgon
