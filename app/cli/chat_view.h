// SPDX-License-Identifier: GPL-3.0-or-later
// How a conversation looks on the terminal.
#pragma once

#include <memory>
#include <string>

#include "app/cli/program.h"
#include "core/chat/text_generator.h"

namespace gorgon {

class ChatView
{
public:
    virtual ~ChatView() = default;
    virtual void askForInput() { }
    virtual void beginAnswer() { }
    virtual void showStep(const DecodeStep& step, const std::string& text) = 0;
    virtual void showRest(const std::string& text) = 0;
    virtual void endAnswer(const GeneratedText& answer) = 0;
    /// Several lines are allowed.
    virtual void showNotice(const std::string& text) = 0;
    virtual void showProblem(const std::string& text) = 0;
};

/// style: "simple", "rich" (accepted tokens underlined in the colour of their head) or
/// "programmatic" (one JSON object a line).
std::unique_ptr<ChatView> makeChatView(
    const std::string& style, const Program& program, std::shared_ptr<const Tokenizer> tokenizer);

} // namespace gorgon
