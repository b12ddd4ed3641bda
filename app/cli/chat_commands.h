// SPDX-License-Identifier: GPL-3.0-or-later
// What is typed in a chat and is no message: /help and so on, and the reference's !! names.
#pragma once

#include <optional>
#include <string>

#include "app/cli/chat_session.h"

namespace gorgon {

struct ChatAction
{
    bool leave = false;
    std::optional<std::string> ask; // a question to answer
};

/// Carries out a command, or gives the line as the question.
ChatAction runChatLine(const std::string& line, ChatSession& session, ChatView& view);

} // namespace gorgon
