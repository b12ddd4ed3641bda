// SPDX-License-Identifier: Apache-2.0
// Tokens of an answer as text that becomes printable, ended by stop texts: where engine and
// tokenizer meet.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/decode/engine.h"
#include "core/text/stream_decoder.h"

namespace gorgon {

/// Turns tokens into text and watches for stop texts, holding back what might become one.
class TextStream
{
public:
    TextStream(
        std::shared_ptr<const Tokenizer> tokenizer, bool at_start, std::vector<std::string> stops);

    /// The text that became printable. Once a stop text is complete nothing more is printed.
    std::string push(int token);
    bool stopped() const { return m_stopped; }
    /// The rest, held back for a stop text that did not come.
    std::string finish();

private:
    std::string release(bool at_end);

    StreamDecoder m_decoder;
    std::vector<std::string> m_stops;
    std::string m_held;
    bool m_stopped = false;
};

struct TextCallbacks
{
    std::function<void(int done, int total)> on_prefill;
    /// A step and the text that became printable with it (maybe none).
    std::function<void(const DecodeStep& step, const std::string& text)> on_step;
    /// At the end: text that was held back for a stop text or a character that did not come; mostly
    /// empty.
    std::function<void(const std::string& rest)> on_end;
};

struct GeneratedText
{
    GenerateResult result;
    std::string text;
};

/// Engine::generate with text. at_start: the answer begins a text (chat), so a leading space that
/// the tokenizer makes is dropped; false where a raw prompt goes on.
GeneratedText generateText(Engine& engine, Session& session,
    std::shared_ptr<const Tokenizer> tokenizer, std::span<const int> prompt, bool at_start,
    const SettingsSource& settings, const TextCallbacks& callbacks = {}, std::stop_token stop = {});

} // namespace gorgon
