// SPDX-License-Identifier: Apache-2.0
#include "core/text/chat_template.h"

#include <algorithm>
#include <stdexcept>

#include "core/text/builtin_templates.h"
#include "core/text/tokenizer_config.h"

namespace gorgon {

namespace {

class Builtin final : public ChatTemplate
{
public:
    explicit Builtin(const BuiltinTemplate& builtin)
        : m_builtin(builtin)
    {
    }
    std::string name() const override { return m_builtin.name; }
    std::vector<PromptPart> render(
        const std::vector<ChatMessage>& messages, bool add_generation_prompt) const override
    {
        return m_builtin.render(messages, add_generation_prompt);
    }

private:
    const BuiltinTemplate& m_builtin; // of a list that lives as long as the program
};

} // namespace

std::shared_ptr<const ChatTemplate> builtinChatTemplate(const std::string& name)
{
    for (const BuiltinTemplate& builtin : builtinTemplates())
        if (name == builtin.name)
            return std::make_shared<Builtin>(builtin);
    return nullptr;
}

std::vector<std::string> builtinChatTemplateNames()
{
    std::vector<std::string> names;
    for (const BuiltinTemplate& builtin : builtinTemplates())
        names.emplace_back(builtin.name);
    return names;
}

std::shared_ptr<const ChatTemplate> chatTemplateFromJinja(
    const std::string& jinja, const std::string& what)
{
    const std::uint64_t hash = jinjaHash(jinja);
    for (const BuiltinTemplate& builtin : builtinTemplates())
        if (std::ranges::count(builtin.jinja_hashes, hash) > 0)
            return std::make_shared<Builtin>(builtin);
    std::string names;
    for (const std::string& name : builtinChatTemplateNames())
        names += " " + name;
    throw std::runtime_error(what
        + ": expected a chat template that is built in, found another; choose one with --template:"
        + names);
}

std::shared_ptr<const ChatTemplate> loadChatTemplate(const std::filesystem::path& folder)
{
    const TokenizerConfig config = readTokenizerConfig(folder);
    return config.chat_template ? chatTemplateFromJinja(*config.chat_template, folder.string())
                                : nullptr;
}

} // namespace gorgon
