// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/chat_session.h"

#include <algorithm>

#include "app/cli/checked_numbers.h"
#include "app/cli/prompt_options.h"
#include "app/cli/result_json.h"
#include "app/cli/saved_chat.h"

namespace gorgon {

ChatSession::ChatSession(std::shared_ptr<const Model> model,
    std::shared_ptr<const Tokenizer> tokenizer, std::shared_ptr<const ChatTemplate> chat_template,
    GenerationOptions options, std::optional<uint64_t> seed, const std::string& system)
    : m_model(std::move(model))
    , m_tokenizer(std::move(tokenizer))
    , m_template(std::move(chat_template))
    , m_options(std::move(options))
    , m_seed(seed)
    , m_settings(makeSettings(m_options, m_seed, *m_model))
    , m_engine(m_model)
    , m_session(m_engine.makeSession())
    , m_system(system)
{
    reset();
}

void ChatSession::reset()
{
    m_messages.clear();
    if (!m_system.empty())
        m_messages.push_back({"system", m_system, {}});
}

std::vector<int> ChatSession::promptTokens() const
{
    if (m_template)
        return renderPrompt(*m_template, *m_tokenizer, m_messages, true).tokens;
    std::string text;
    for (const ChatMessage& message : m_messages)
        text += (text.empty() ? "" : "\n") + message.content;
    return encodeRaw(*m_tokenizer, text);
}

void ChatSession::answer(const std::string& text, ChatView& view, const std::stop_token& stop,
    const std::function<void()>& between)
{
    m_try = m_retries ? m_try + 1 : 0;
    m_retries = false;
    m_messages.push_back({"user", text, {}});
    GeneratedText answer;
    try {
        const std::vector<int> prompt = promptTokens();
        m_tuning.prepare(m_settings, m_engine, m_session, {}, stop);
        view.beginAnswer();
        answer = generateText(
            m_engine, m_session, m_tokenizer, prompt, m_template != nullptr,
            [&]() -> const GenerateSettings& { return settingsOfTry(); },
            {{},
                [&](const DecodeStep& step, const std::string& piece) {
                    m_tuning.add(step);
                    view.showStep(step, piece);
                    between();
                },
                [&](const std::string& rest) { view.showRest(rest); }},
            stop);
    } catch (...) {
        m_messages.pop_back();
        throw;
    }
    if (answer.result.tokens.empty())
        m_messages.pop_back(); // stopped before the first token: the question was not asked
    else
        m_messages.push_back({"assistant", answer.text, answer.result.tokens});
    m_last = answer.result;
    m_total.new_tokens += answer.result.stats.new_tokens;
    m_total.steps += answer.result.stats.steps;
    m_total.decode_ms += answer.result.stats.decode_ms;
    view.endAnswer(answer);
    sayTuning(view);
}

std::optional<std::string> ChatSession::undo()
{
    size_t n = m_messages.size();
    while (n > 0 && m_messages[n - 1].role != "user")
        n--;
    if (n == 0)
        return std::nullopt;
    const std::string question = m_messages[n - 1].content;
    m_messages.resize(n - 1);
    return question;
}

std::optional<std::string> ChatSession::retry()
{
    std::optional<std::string> question = undo();
    m_retries = question.has_value();
    return question;
}

const GenerateSettings& ChatSession::settingsOfTry()
{
    m_in_force = m_settings;
    m_tuning.apply(m_in_force);
    if (m_in_force.seed && m_try > 0) { // splitmix64: neighbouring seeds and tries lie far apart
        uint64_t mixed = *m_in_force.seed + m_try * 0x9E3779B97F4A7C15U;
        mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
        m_in_force.seed = mixed ^ (mixed >> 31U);
    }
    return m_in_force;
}

void ChatSession::set(const std::string& name, const std::string& value)
{
    GenerationOptions options = m_options;
    std::optional<uint64_t> seed = m_seed;
    CLI::App parser;
    parser.set_help_flag();
    addGenerationOptions(parser, options);
    parser.add_option("--seed", seed);
    std::string option = "--" + name;
    std::replace(option.begin(), option.end(), '_', '-');
    if (!parser.get_option_no_throw(option)) {
        std::string known;
        for (const CLI::Option* each : parser.get_options())
            known += " " + each->get_lnames().front();
        throw UsageError("/set: expected one of" + known + ", found " + name);
    }
    try {
        checkNumbers(parser);
        std::vector<std::string> arguments{option + "=" + value};
        parser.parse(arguments);
    } catch (const CLI::ParseError& error) {
        throw UsageError(error.what());
    }
    m_settings = makeSettings(options, seed, *m_model);
    m_options = std::move(options);
    m_seed = seed;
}

/// Where the tree that the answers are drafted with has changed.
void ChatSession::sayTuning(ChatView& view)
{
    const std::string words = m_tuning.endAnswer(*m_model);
    if (words.empty() || m_tuning.tuner()->best().tree == m_said)
        return;
    m_said = m_tuning.tuner()->best().tree;
    view.showNotice(words);
}

std::string ChatSession::save(const std::string& file) const
{
    return saveChat(file, m_template ? m_template->name() : "", m_messages).string();
}

void ChatSession::load(const std::string& file)
{
    m_messages = loadChat(file);
    m_system = !m_messages.empty() && m_messages.front().role == "system"
        ? m_messages.front().content
        : "";
}

std::string ChatSession::figures() const
{
    if (!m_last)
        return "nothing was answered yet";
    char all[120];
    std::snprintf(all, sizeof all, "all: %d tokens in %d steps (%.2f a step), %.1f tokens/s",
        m_total.new_tokens, m_total.steps, m_total.meanTokensPerStep(), m_total.tokensPerSecond());
    return "last: " + statsLine(*m_last) + "\n" + all + "\ntree " + usedTree(m_in_force, *m_model)
        + ", " + usedAcceptance(m_in_force) + " acceptance, " + m_model->backend->name() + ", "
        + dtypeName(m_model->dtype);
}

} // namespace gorgon
