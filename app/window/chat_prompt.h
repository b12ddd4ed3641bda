// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation as the token ids that its answer continues.
#pragma once

#include "core/store/conversation.h"
#include "core/text/chat_template.h"

#include <cstdint>
#include <vector>

namespace gorgon {

struct ChatPrompt
{
    std::vector<int> tokens;
    std::vector<int> sources; // of each token, as in RenderedPrompt; empty: all from the message
    int n_left_out = 0; // oldest messages that no longer fit the context
};

/// Renders the messages, the last of which is to be answered. Questions that got no word of an
/// answer are left out, and from the front as many turns as must go so that an answer has room. Ids
/// kept with a message are used as they are. Without a template the last message is the prompt, as
/// typed.
ChatPrompt makeChatPrompt(const ChatTemplate* chat_template, const Tokenizer& tokenizer,
    const std::vector<Message>& history, int64_t context);

} // namespace gorgon
