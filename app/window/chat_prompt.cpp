// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/chat_prompt.h"

#include <algorithm>

namespace gorgon {

namespace {

constexpr int64_t kRoomForAnswer = 256; // tokens, or a quarter of a short context

std::vector<ChatMessage> answered(const std::vector<Message>& history)
{
    std::vector<ChatMessage> messages;
    for (size_t i = 0; i < history.size(); ++i) {
        const bool unanswered = history[i].role == "user" && i + 1 < history.size()
            && history[i + 1].role == "assistant" && history[i + 1].text.empty();
        if (unanswered)
            ++i;
        else
            messages.push_back({history[i].role, history[i].text, history[i].tokens});
    }
    return messages;
}

} // namespace

ChatPrompt makeChatPrompt(const ChatTemplate* chat_template, const Tokenizer& tokenizer,
    const std::vector<Message>& history, int64_t context)
{
    ChatPrompt prompt;
    if (!chat_template) {
        if (tokenizer.addsBos() && tokenizer.bosToken() >= 0)
            prompt.tokens.push_back(tokenizer.bosToken());
        const std::vector<int> ids = tokenizer.encode(history.back().text);
        prompt.tokens.insert(prompt.tokens.end(), ids.begin(), ids.end());
        return prompt;
    }
    const int64_t most = context - std::min(kRoomForAnswer, context / 4);
    std::vector<ChatMessage> messages = answered(history);
    while (true) {
        RenderedPrompt rendered = renderPrompt(*chat_template, tokenizer, messages, true);
        prompt.tokens = std::move(rendered.tokens);
        prompt.sources = std::move(rendered.sources);
        const size_t first = !messages.empty() && messages.front().role == "system" ? 1 : 0;
        if (int64_t(prompt.tokens.size()) <= most || messages.size() <= first + 1)
            return prompt;
        size_t end = first + 1;
        while (end + 1 < messages.size() && messages[end].role != "user")
            ++end;
        prompt.n_left_out += int(end - first);
        messages.erase(
            messages.begin() + std::ptrdiff_t(first), messages.begin() + std::ptrdiff_t(end));
    }
}

} // namespace gorgon
