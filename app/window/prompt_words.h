// SPDX-License-Identifier: GPL-3.0-or-later
// Prompts and templates as the Prompt tab shows them.
#pragma once

#include "app/window/chat_prompt.h"
#include "ui/prompt/prompt_view.h"

namespace gorgon {

PromptView promptView(qint64 conversation, const ChatPrompt& prompt, const Tokenizer& tokenizer);

/// own: the model's, or nullptr; chosen: a built-in's name, empty: the model's own.
TemplateChoice templateChoice(const ChatTemplate* own, const QString& chosen);

} // namespace gorgon
