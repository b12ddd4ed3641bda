// SPDX-License-Identifier: Apache-2.0
#include "core/chat/text_generator.h"

#include <algorithm>

namespace gorgon {

TextStream::TextStream(
    std::shared_ptr<const Tokenizer> tokenizer, bool at_start, std::vector<std::string> stops)
    : m_decoder(std::move(tokenizer), at_start)
    , m_stops(std::move(stops))
{
}

std::string TextStream::push(int token)
{
    if (m_stopped)
        return {};
    m_held += m_decoder.push(token);
    return release(false);
}

std::string TextStream::finish()
{
    if (m_stopped)
        return {};
    m_held += m_decoder.finish();
    return release(true);
}

std::string TextStream::release(bool at_end)
{
    size_t stop_at = std::string::npos;
    for (const std::string& stop : m_stops)
        stop_at = std::min(stop_at, m_held.find(stop));
    size_t printable = m_held.size();
    if (stop_at != std::string::npos) {
        m_stopped = true;
        printable = stop_at;
    } else if (!at_end) {
        // The longest end of the text that begins a stop text waits for what follows.
        for (const std::string& stop : m_stops)
            for (size_t n = std::min(stop.size() - 1, m_held.size()); n > 0; n--)
                if (m_held.compare(m_held.size() - n, n, stop, 0, n) == 0) {
                    printable = std::min(printable, m_held.size() - n);
                    break;
                }
    }
    std::string text = m_held.substr(0, printable);
    m_held.erase(0, printable);
    return text;
}

namespace {

/// Tokenizers may have more tokens than the matrix of their model, which then cannot read them.
void checkTokens(const Model& model, const Tokenizer& tokenizer, std::span<const int> prompt)
{
    const int64_t vocab = model.vocabMatrix().n_out;
    for (const int id : prompt)
        if (id >= vocab)
            throw std::runtime_error("\"" + tokenizer.label(id)
                + "\": expected text that the model can read, found a token of its tokenizer ("
                + std::to_string(id) + ") beyond the model's matrix of " + std::to_string(vocab)
                + "; write it in other words");
}

} // namespace

GeneratedText generateText(Engine& engine, Session& session,
    std::shared_ptr<const Tokenizer> tokenizer, std::span<const int> prompt, bool at_start,
    const SettingsSource& settings, const TextCallbacks& callbacks, std::stop_token stop)
{
    checkTokens(engine.model(), *tokenizer, prompt);
    GeneratedText generated;
    TextStream stream(std::move(tokenizer), at_start, settings().stop);
    const auto emit = [&](const DecodeStep& step, const std::string& text) {
        generated.text += text;
        if (callbacks.on_step)
            callbacks.on_step(step, text);
    };
    generated.result = engine.generate(session, prompt, settings,
        {callbacks.on_prefill,
            [&](const DecodeStep& whole) -> std::optional<int> {
                std::string text;
                for (size_t i = 0; i < whole.tokens.size(); i++) {
                    text += stream.push(whole.tokens[i]);
                    if (stream.stopped()) {
                        // The token that completed the stop text is the last one kept.
                        DecodeStep step = whole;
                        step.tokens.resize(i + 1);
                        step.path.resize(i + 1);
                        step.accept_length = int(i);
                        emit(step, text);
                        return int(i + 1);
                    }
                }
                emit(whole, text);
                return std::nullopt;
            }},
        std::move(stop));
    const std::string rest = stream.finish();
    generated.text += rest;
    if (callbacks.on_end)
        callbacks.on_end(rest);
    return generated;
}

} // namespace gorgon
