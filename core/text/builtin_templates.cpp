// SPDX-License-Identifier: Apache-2.0
#include "core/text/builtin_templates.h"

namespace gorgon {

namespace {

constexpr const char* kGorgon = R"({{ bos_token }}
{%- for message in messages -%}
    {{ '<|' + message.role + '|>' + message.content + '<|end|>' }}
{%- endfor -%}
{{ '<|assistant|>' if add_generation_prompt }})";

constexpr const char* kVicuna = R"(
{%- if messages[0].role == 'system' -%}
    {{ messages[0].content + ' ' }}{% set turns = messages[1:] %}
{%- else -%}
    {{ "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions. " }}
    {%- set turns = messages %}
{%- endif %}
{%- for message in turns %}
    {%- if message.role == 'user' -%}
        {{ 'USER: ' + message.content + ' ' }}
    {%- elif message.role == 'assistant' -%}
        {{ 'ASSISTANT: ' + message.content + eos_token }}
    {%- else -%}
        {{ raise_exception('the system message must be the first, and the others of user or assistant; move it or choose another template with --template') }}
    {%- endif %}
{%- endfor -%}
{{ 'ASSISTANT:' if add_generation_prompt }})";

constexpr const char* kZephyr = R"(
{%- for message in messages -%}
    {{ '<|' + message.role + '|>\n' + message.content + eos_token + '\n' }}
{%- endfor -%}
{{ '<|assistant|>\n' if add_generation_prompt }})";

// Roles in turn, a user's first; what each template makes of a turn follows.
constexpr const char* kLlama2 = R"(
{%- set has_system = messages[0].role == 'system' %}
{%- for message in (messages[1:] if has_system else messages) %}
    {%- if message.role != ('assistant' if loop.index0 is odd else 'user') -%}
        {{ raise_exception('user and assistant must take turns; choose another template with --template') }}
    {%- endif %}
    {%- set content = message.content %}
    {%- if has_system and loop.first %}
        {%- set content = '<<SYS>>\n' + messages[0].content + '\n<</SYS>>\n\n' + content %}
    {%- endif -%}
    {{ bos_token + '[INST] ' + content | trim + ' [/INST]' if message.role == 'user' else ' ' + content | trim + ' ' + eos_token }}
{%- endfor -%})";

constexpr const char* kMistral = R"({{ bos_token }}
{%- for message in messages %}
    {%- if message.role != ('assistant' if loop.index0 is odd else 'user') -%}
        {{ raise_exception('user and assistant must take turns, without a system message; choose another template with --template') }}
    {%- endif -%}
    {{ '[INST] ' + message.content + ' [/INST]' if message.role == 'user' else message.content + eos_token }}
{%- endfor -%})";

constexpr const char* kMistralSystem = R"({{ bos_token }}
{%- set has_system = messages[0].role == 'system' %}
{%- for message in (messages[1:] if has_system else messages) %}
    {%- if message.role != ('assistant' if loop.index0 is odd else 'user') -%}
        {{ raise_exception('user and assistant must take turns; choose another template with --template') }}
    {%- endif -%}
    {%- set system = messages[0].content + '\n\n' if has_system and loop.first else '' -%}
    {{ ' [INST] ' + system + message.content + ' [/INST]' if message.role == 'user' else ' ' + message.content + eos_token }}
{%- endfor -%})";

constexpr const char* kLlama3 = R"({{ bos_token }}
{%- for message in messages -%}
    {{ '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' + message.content | trim + '<|eot_id|>' }}
{%- endfor -%}
{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' if add_generation_prompt }})";

constexpr const char* kChatml = R"(
{%- for message in messages -%}
    {{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
{%- endfor -%}
{{ '<|im_start|>assistant\n' if add_generation_prompt }})";

} // namespace

const std::vector<BuiltinTemplate>& builtinTemplates()
{
    static const std::vector<BuiltinTemplate> templates{
        {"gorgon", kGorgon, "<|end|>"},
        {"vicuna_v1.1", kVicuna, nullptr, true},
        {"zephyr", kZephyr, nullptr},
        {"llama2", kLlama2, nullptr},
        {"llama3", kLlama3, "<|start_header_id|>"},
        {"mistral", kMistral, nullptr},
        {"mistral_system", kMistralSystem, nullptr},
        {"chatml", kChatml, "<|im_start|>"},
    };
    return templates;
}

std::shared_ptr<ChatTemplate> makeBuiltin(const BuiltinTemplate& builtin, const std::string& source)
{
    return std::make_shared<ChatTemplate>(builtin.jinja, std::string("template ") + builtin.name,
        builtin.name, source, builtin.hides_bos);
}

std::shared_ptr<const ChatTemplate> builtinChatTemplate(const std::string& name)
{
    for (const BuiltinTemplate& builtin : builtinTemplates())
        if (name == builtin.name)
            return makeBuiltin(builtin, "built in, chosen by its name");
    return nullptr;
}

std::vector<std::string> builtinChatTemplateNames()
{
    std::vector<std::string> names;
    for (const BuiltinTemplate& builtin : builtinTemplates())
        names.emplace_back(builtin.name);
    return names;
}

} // namespace gorgon
