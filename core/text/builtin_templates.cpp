// SPDX-License-Identifier: Apache-2.0
#include "core/text/builtin_templates.h"

#include <algorithm>
#include <stdexcept>

#include "core/text/utf8.h"

namespace gorgon {

namespace {

using Kind = PromptPart::Kind;
using Parts = std::vector<PromptPart>;
using Messages = std::vector<ChatMessage>;

constexpr std::string_view kGorgonJinja
    = "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + "
      "message['content'] + "
      "'<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";
constexpr const char* kVicunaSystem = "A chat between a curious user and an artificial "
                                      "intelligence assistant. The assistant gives helpful, "
                                      "detailed, and polite answers to the user's questions.";

// FNV-1a, 64 bits.
constexpr std::uint64_t hashOf(std::string_view text)
{
    std::uint64_t hash = 0xCBF29CE484222325U;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    return hash;
}

// Parts of one prompt in the order in which they are written.
class Writer
{
public:
    explicit Writer(const Messages& messages)
        : m_messages(messages)
    {
        if (messages.empty())
            throw std::runtime_error("messages: expected at least one, found none");
        for (const ChatMessage& message : messages)
            if (message.role != "system" && message.role != "user" && message.role != "assistant")
                throw std::runtime_error(
                    "messages: expected the roles system, user and assistant, found '"
                    + toValidUtf8(message.role.substr(0, 40)) + "'");
    }

    void text(std::string text) { m_parts.push_back({std::move(text), -1, Kind::Text}); }
    void content(std::size_t i) { content(i, m_messages[i].content); }
    void content(std::size_t i, std::string shown)
    {
        m_parts.push_back({std::move(shown), static_cast<int>(i), Kind::Text});
    }
    void begin(const char* shown) { m_parts.push_back({shown, -1, Kind::Begin}); }
    void end() { m_parts.push_back({"</s>", -1, Kind::End}); }
    Parts& parts() { return m_parts; }

private:
    const Messages& m_messages;
    Parts m_parts;
};

// What Python's str.strip() takes off.
bool isSpace(std::string_view character)
{
    if (character.size() == 1) {
        const char c = character[0];
        return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1C' && c <= '\x1F');
    }
    for (const std::string_view space :
        {"\u0085", "\u00A0", "\u1680", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"})
        if (character == space)
            return true;
    return character.size() == 3 && character.substr(0, 2) == "\xE2\x80"
        && static_cast<unsigned char>(character[2]) <= 0x8A; // U+2000 to U+200A
}

std::string_view stripFront(std::string_view text)
{
    for (int n = utf8Length(text); n > 0 && isSpace(text.substr(0, n)); n = utf8Length(text))
        text.remove_prefix(n);
    return text;
}

std::string_view stripBack(std::string_view text)
{
    while (!text.empty()) {
        std::size_t n = 1;
        while (n < 4 && n < text.size()
            && (static_cast<unsigned char>(text[text.size() - n]) & 0xC0) == 0x80)
            ++n;
        if (!isSpace(text.substr(text.size() - n)))
            break;
        text.remove_suffix(n);
    }
    return text;
}

std::string strip(std::string_view text)
{
    return std::string(stripBack(stripFront(text)));
}

void requireAlternation(const Messages& messages, std::size_t first)
{
    for (std::size_t i = first; i < messages.size(); ++i)
        if ((messages[i].role == "user") != ((i - first) % 2 == 0))
            throw std::runtime_error("messages: expected user and assistant in turn, found '"
                + messages[i].role + "' as message " + std::to_string(i + 1)
                + "; choose another template with --template");
}

Parts renderGorgon(const Messages& messages, bool add_generation_prompt)
{
    Writer out(messages);
    out.begin("<s>");
    for (std::size_t i = 0; i < messages.size(); ++i) {
        out.text("<|" + messages[i].role + "|>");
        out.content(i);
        out.text("<|end|>");
    }
    if (add_generation_prompt)
        out.text("<|assistant|>");
    return out.parts();
}

Parts renderChatml(const Messages& messages, bool add_generation_prompt)
{
    Writer out(messages);
    for (std::size_t i = 0; i < messages.size(); ++i) {
        out.text("<|im_start|>" + messages[i].role + "\n");
        out.content(i);
        out.text("<|im_end|>\n");
    }
    if (add_generation_prompt)
        out.text("<|im_start|>assistant\n");
    return out.parts();
}

Parts renderZephyr(const Messages& messages, bool add_generation_prompt)
{
    Writer out(messages);
    for (std::size_t i = 0; i < messages.size(); ++i) {
        out.text("<|" + messages[i].role + "|>\n");
        out.content(i);
        out.end();
        out.text("\n");
    }
    if (add_generation_prompt)
        out.text("<|assistant|>\n");
    return out.parts();
}

Parts renderVicuna(const Messages& messages, bool add_generation_prompt)
{
    Writer out(messages);
    out.begin(""); // the id, although the written form does not show it
    std::size_t first = 0;
    if (messages[0].role == "system")
        out.content(first++);
    else
        out.text(kVicunaSystem);
    out.text(" ");
    for (std::size_t i = first; i < messages.size(); ++i) {
        if (messages[i].role == "system")
            throw std::runtime_error(
                "messages: expected the system message first, found it as message "
                + std::to_string(i + 1) + "; move it or choose another template with --template");
        const bool is_user = messages[i].role == "user";
        out.text(is_user ? "USER: " : "ASSISTANT: ");
        out.content(i);
        if (is_user)
            out.text(" ");
        else
            out.end();
    }
    if (add_generation_prompt)
        out.text("ASSISTANT:");
    return out.parts();
}

Parts renderLlama2(const Messages& messages, bool)
{
    Writer out(messages);
    const std::size_t first = messages[0].role == "system" ? 1 : 0;
    requireAlternation(messages, first);
    for (std::size_t i = first; i < messages.size(); ++i) {
        if (messages[i].role != "user") {
            out.text(" ");
            out.content(i, strip(messages[i].content));
            out.text(" ");
            out.end();
            continue;
        }
        out.begin("<s>");
        out.text("[INST] ");
        if (i == first && first == 1) {
            out.text("<<SYS>>\n");
            out.content(0);
            out.text("\n<</SYS>>\n\n");
            // Stripped as one text: an empty message takes the blank lines with it.
            const std::string content(stripBack(messages[i].content));
            if (content.empty())
                out.parts().back().text = "\n<</SYS>>";
            out.content(i, content);
        } else {
            out.content(i, strip(messages[i].content));
        }
        out.text(" [/INST]");
    }
    return out.parts();
}

Parts renderMistral(const Messages& messages, bool)
{
    Writer out(messages);
    requireAlternation(messages, 0);
    out.begin("<s>");
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const bool is_user = messages[i].role == "user";
        if (is_user)
            out.text("[INST] ");
        out.content(i);
        if (is_user)
            out.text(" [/INST]");
        else
            out.end();
    }
    return out.parts();
}

Parts renderMistralSystem(const Messages& messages, bool)
{
    Writer out(messages);
    const std::size_t first = messages[0].role == "system" ? 1 : 0;
    requireAlternation(messages, first);
    out.begin("<s>");
    for (std::size_t i = first; i < messages.size(); ++i) {
        if (messages[i].role != "user") {
            out.text(" ");
            out.content(i);
            out.end();
            continue;
        }
        out.text(" [INST] ");
        if (i == first && first == 1) {
            out.content(0);
            out.text("\n\n");
        }
        out.content(i);
        out.text(" [/INST]");
    }
    return out.parts();
}

Parts renderLlama3(const Messages& messages, bool add_generation_prompt)
{
    Writer out(messages);
    out.begin("<|begin_of_text|>");
    for (std::size_t i = 0; i < messages.size(); ++i) {
        out.text("<|start_header_id|>" + messages[i].role + "<|end_header_id|>\n\n");
        out.content(i, strip(messages[i].content));
        out.text("<|eot_id|>");
    }
    if (add_generation_prompt)
        out.text("<|start_header_id|>assistant<|end_header_id|>\n\n");
    return out.parts();
}

} // namespace

std::uint64_t jinjaHash(const std::string& jinja)
{
    // Jinja itself drops one newline at the end.
    std::string_view text = jinja;
    if (text.ends_with('\n'))
        text.remove_suffix(1);
    return hashOf(text);
}

const std::vector<BuiltinTemplate>& builtinTemplates()
{
    static const std::vector<BuiltinTemplate> templates{
        {"gorgon", renderGorgon, {hashOf(kGorgonJinja)}},
        {"vicuna_v1.1", renderVicuna, {}},
        {"zephyr", renderZephyr, {0xCD8B49000DB02C2CU}},
        {"llama2", renderLlama2, {0xF344EECF1BD3A427U}},
        {"llama3", renderLlama3, {}},
        {"mistral", renderMistral, {0x8C734B90B4F8D84DU}},
        {"mistral_system", renderMistralSystem, {0x46EAC0BF5C765C47U}},
        {"chatml", renderChatml, {0xA41D6BAE9B9141BCU}},
    };
    return templates;
}

} // namespace gorgon
