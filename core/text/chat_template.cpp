// SPDX-License-Identifier: Apache-2.0
#include "core/text/chat_template.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "core/text/jinja/from_json.h"
#include "core/text/utf8.h"

namespace gorgon {

namespace {

std::tm localTime()
{
    const std::time_t now = std::time(nullptr);
    std::tm local{};
#ifdef _WIN32
    localtime_s(&local, &now);
#else
    localtime_r(&now, &local);
#endif
    return local;
}

void checkMessages(const std::vector<ChatMessage>& messages)
{
    if (messages.empty())
        throw std::runtime_error("messages: expected at least one, found none");
    for (const ChatMessage& message : messages)
        if (!isChatRole(message.role))
            throw std::runtime_error(
                "messages: expected the roles system, user, assistant or tool, found '"
                + toValidUtf8(message.role.substr(0, 40)) + "'");
}

jinja::Value messageValues(jinja::Context& context, const std::vector<ChatMessage>& messages)
{
    const jinja::Value role = context.text("role"), content = context.text("content");
    jinja::Values values;
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const int source = static_cast<int>(i);
        const nlohmann::ordered_json& fields = messages[i].fields;
        jinja::Entries entries;
        entries.reserve(2 + fields.size());
        entries.emplace_back(role, context.text(messages[i].role));
        if (!fields.is_object() || !fields.contains("content"))
            entries.emplace_back(content, context.text(messages[i].content, source));
        if (fields.is_object())
            for (const auto& [key, value] : fields.items())
                if (key != "role")
                    entries.emplace_back(
                        context.text(key, source), fromJson(context, value, source));
        values.push_back(makeDict(context.meter, std::move(entries)));
    }
    return makeList(context.meter, std::move(values));
}

} // namespace

bool isChatRole(const std::string& role)
{
    constexpr std::array kRoles{
        "system", "user", "assistant", "tool", "developer", "function", "ipython"};
    return std::ranges::count(kRoles, role) > 0;
}

ChatTemplate::ChatTemplate(const std::string& jinja, const std::string& what, std::string name,
    std::string source, bool hides_bos)
    : m_template(jinja, what)
    , m_what(what)
    , m_name(std::move(name))
    , m_source(std::move(source))
    , m_hides_bos(hides_bos)
{
}

std::vector<PromptPart> ChatTemplate::render(
    const std::vector<ChatMessage>& messages, const RenderOptions& options) const
{
    if (m_with_tools && !options.tools.is_null())
        return m_with_tools->render(messages, options);
    checkMessages(messages);
    const auto define = [&](jinja::Context& context, jinja::Scope& scope) {
        using jinja::kFromVariables;
        for (const SpecialTokens* tokens : {&options.special_tokens, &m_special_tokens})
            for (const auto& [name, text] : *tokens)
                scope.set(name, context.text(text));
        scope.set("messages", messageValues(context, messages));
        scope.set("tools", fromJson(context, options.tools, kFromVariables));
        scope.set("documents", jinja::None{});
        scope.set("add_generation_prompt", options.add_generation_prompt);
        for (const auto& [name, value] : options.variables.items())
            scope.set(name, fromJson(context, value, kFromVariables));
    };
    const jinja::Text text = m_template.render(define, options.now ? *options.now : localTime());
    std::vector<PromptPart> parts;
    std::size_t begin = 0;
    for (const jinja::Run& run : text.runs()) {
        parts.push_back({text.bytes().substr(begin, run.end - begin), run.source});
        begin = run.end;
    }
    return parts;
}

} // namespace gorgon
