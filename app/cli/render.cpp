// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/model_options.h"
#include "app/cli/prompt_options.h"

namespace gorgon {

namespace {

struct Options
{
    ModelOptions model;
    std::string messages;
    std::string chat_template;
    bool add_generation_prompt = false;
    bool json = false;
};

int run(const Options& options, const Program& program)
{
    const std::filesystem::path folder = modelFolder(options.model);
    const std::vector<ChatMessage> messages
        = messagesOf(readJson(options.messages), options.messages);
    const auto chat_template = chooseTemplate(options.chat_template, folder);
    if (!chat_template)
        throw std::runtime_error(
            folder.string() + ": expected a chat template, found none; choose one with --template");
    const auto tokenizer = openTokenizer(folder, true, program);
    const RenderedPrompt prompt
        = renderPrompt(*chat_template, *tokenizer, messages, options.add_generation_prompt);
    printJson({{"text", prompt.text}, {"tokens", prompt.tokens}});
    return kDone;
}

} // namespace

void addRender(CLI::App& app, Program& program)
{
    std::string names;
    for (const std::string& name : builtinChatTemplateNames())
        names += " " + name;
    const auto options = std::make_shared<Options>();
    CLI::App* command
        = addCommand(app, program, "render", "Chat messages to prompt text and ids as JSON",
            "gorgon-cli render --messages messages.json --add-generation-prompt",
            [options, &program] { return run(*options, program); });
    command
        ->add_option("--messages", options->messages,
            "JSON file with chat messages: [{\"role\": \"user\", \"content\": \"...\"}]")
        ->required();
    command->add_flag(
        "--add-generation-prompt", options->add_generation_prompt, "End where an answer begins");
    command->add_option("--template", options->chat_template,
        "A file with Jinja that a built-in renders, or one of" + names
            + " (default: the model's own)");
    addModelFolder(*command, options->model);
    command->add_flag("--json", options->json, "As always: the answer is one JSON value");
}

} // namespace gorgon
