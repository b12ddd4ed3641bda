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
    std::vector<std::string> variables; // NAME=VALUE
    bool add_generation_prompt = false;
    bool json = false;
};

/// VALUE is JSON where it is valid JSON, otherwise text.
nlohmann::ordered_json readVariables(const std::vector<std::string>& given)
{
    nlohmann::ordered_json variables = nlohmann::ordered_json::object();
    for (const std::string& each : given) {
        const size_t sign = each.find('=');
        if (sign == 0 || sign == std::string::npos)
            throw UsageError("--var: expected NAME=VALUE, found " + each);
        const std::string name = each.substr(0, sign), text = each.substr(sign + 1);
        if (name == "messages" || name == "add_generation_prompt")
            throw UsageError("--var: expected a further variable, found " + name
                + ", which has an option of its own");
        auto value = nlohmann::ordered_json::parse(text, nullptr, false);
        if (value.is_discarded())
            variables[name] = text;
        else
            variables[name] = std::move(value);
    }
    return variables;
}

int run(const Options& options, const Program& program)
{
    RenderOptions how;
    how.add_generation_prompt = options.add_generation_prompt;
    how.variables = readVariables(options.variables);
    // Tools choose among the templates of a model.
    if (how.variables.contains("tools"))
        how.tools = how.variables["tools"];
    const std::filesystem::path folder = modelFolder(options.model, program);
    const std::vector<ChatMessage> messages
        = messagesOf(readJson(options.messages), options.messages);
    const auto tokenizer = openTokenizer(folder, true, program);
    const auto chat_template = chooseTemplate(options.chat_template, folder, *tokenizer, program);
    if (!chat_template)
        throw std::runtime_error(
            folder.string() + ": expected a chat template, found none; choose one with --template");
    const RenderedPrompt prompt
        = renderPrompt(*chat_template, *tokenizer, messages, std::move(how));
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
        "A file with a template in Jinja, or one of" + names
            + " (default: the model's own, or what its name asks for)");
    command
        ->add_option("--var", options->variables,
            "NAME=VALUE, a variable of the template; VALUE is JSON, or else text; repeatable")
        ->expected(1)
        ->take_all()
        ->allow_extra_args(false);
    addModelFolder(*command, options->model);
    command->add_flag("--json", options->json, "As always: the answer is one JSON value");
}

} // namespace gorgon
