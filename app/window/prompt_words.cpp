// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/prompt_words.h"

#include <QObject>

namespace gorgon {

namespace {

/// Text where the bytes are whole characters, else each byte as <0xE2>.
QString readable(const std::string& bytes)
{
    const QString text = QString::fromStdString(bytes);
    if (text.toStdString() == bytes)
        return text;
    QString codes;
    for (const char byte : bytes)
        codes += QStringLiteral("<0x%1>")
                     .arg(uint(static_cast<unsigned char>(byte)), 2, 16, QLatin1Char('0'))
                     .toUpper()
                     .replace(QLatin1String("<0X"), QLatin1String("<0x"));
    return codes;
}

} // namespace

PromptView promptView(qint64 conversation, const ChatPrompt& prompt, const Tokenizer& tokenizer)
{
    using Origin = PromptToken::Origin;
    PromptView view;
    view.conversation = conversation;
    view.n_left_out = prompt.n_left_out;
    view.tokens.reserve(qsizetype(prompt.tokens.size()));
    for (size_t i = 0; i < prompt.tokens.size(); ++i) {
        const int id = prompt.tokens[i];
        const bool control = tokenizer.isControl(id);
        const bool of_message = i >= prompt.sources.size() || prompt.sources[i] >= 0;
        view.tokens.append({id,
            control ? QString::fromStdString(tokenizer.label(id)) : readable(tokenizer.bytes(id)),
            control          ? Origin::control
                : of_message ? Origin::message
                             : Origin::chat_template});
    }
    return view;
}

TemplateChoice templateChoice(const ChatTemplate* own, const QString& chosen)
{
    TemplateChoice choice;
    choice.current = chosen;
    choice.has_own = own != nullptr;
    for (const std::string& name : builtinChatTemplateNames())
        choice.names << QString::fromStdString(name);
    if (!chosen.isEmpty())
        choice.source = QObject::tr("Built in; answers may be worse than with the model's own.");
    else if (own)
        choice.source = QString::fromStdString(own->source());
    else
        choice.source = QObject::tr("This model has none of its own.");
    return choice;
}

} // namespace gorgon
