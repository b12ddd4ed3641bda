// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation in the terminal: its messages, its settings and the engine that answers.
#pragma once

#include <functional>
#include <optional>

#include "app/cli/auto_tree.h"
#include "app/cli/chat_view.h"
#include "app/cli/generation_options.h"
#include "app/cli/model_options.h"
#include "core/text/chat_template.h"

namespace gorgon {

class ChatSession
{
public:
    /// chat_template: may be nullptr, then texts follow one another as typed.
    ChatSession(std::shared_ptr<const Model> model, std::shared_ptr<const Tokenizer> tokenizer,
        std::shared_ptr<const ChatTemplate> chat_template, GenerationOptions options,
        std::optional<uint64_t> seed, const std::string& system);

    /// Answers a user's text. `between` is called after each step: settings that it changes act on
    /// the next one.
    void answer(const std::string& text, ChatView& view, const std::stop_token& stop,
        const std::function<void()>& between);
    /// As undo(), for another try: a seed that was given is mixed with the number of the try.
    std::optional<std::string> retry();
    /// Drops the last answer and its question; gives the question. Nothing where there is none.
    std::optional<std::string> undo();
    void reset();
    Backend& backend() const { return m_engine.backend(); }
    /// Throws UsageError or std::runtime_error and changes nothing.
    void set(const std::string& name, const std::string& value);
    std::string save(const std::string& file) const;
    void load(const std::string& file);
    /// Figures of the last answer and of all; of more than one line.
    std::string figures() const;

private:
    std::vector<int> promptTokens() const;
    const GenerateSettings& settingsOfTry();
    void sayTuning(ChatView& view);

    std::shared_ptr<const Model> m_model;
    std::shared_ptr<const Tokenizer> m_tokenizer;
    std::shared_ptr<const ChatTemplate> m_template;
    GenerationOptions m_options;
    std::optional<uint64_t> m_seed;
    GenerateSettings m_settings;
    uint64_t m_try = 0; // of the last question; 0: the first
    bool m_retries = false; // the next answer is another try
    GenerateSettings m_in_force; // of the coming step
    AutoTuning m_tuning;
    TreeSpec m_said; // the tree of --tree auto that was last spoken of
    Engine m_engine;
    Session m_session;
    std::string m_system;
    std::vector<ChatMessage> m_messages;
    std::optional<GenerateResult> m_last;
    GenerateStats m_total;
};

} // namespace gorgon
