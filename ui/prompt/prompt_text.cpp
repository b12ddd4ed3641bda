// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/prompt/prompt_text.h"

#include "ui/theme/theme.h"

#include <QHelpEvent>
#include <QTextCursor>
#include <QToolTip>

#include <algorithm>

namespace gorgon {

namespace {

/// A line break stays one and is seen.
QString shownText(const PromptToken& token)
{
    QString text = token.text;
    text.replace(QLatin1Char('\t'), QChar(0x21E5));
    text.replace(QLatin1String("\r"), QLatin1String("<0x0D>"));
    text.replace(QLatin1Char('\n'), QString(QChar(0x23CE)) + QLatin1Char('\n'));
    return text;
}

QString originWords(PromptToken::Origin origin)
{
    switch (origin) {
    case PromptToken::Origin::control:
        return PromptText::tr("a control token");
    case PromptToken::Origin::chat_template:
        return PromptText::tr("from the template");
    case PromptToken::Origin::message:
        break;
    }
    return PromptText::tr("from a message");
}

} // namespace

PromptText::PromptText(QWidget* parent)
    : QTextEdit(parent)
{
    setReadOnly(true);
    setUndoRedoEnabled(false);
    setAccessibleName(tr("The prompt, as the model sees it"));
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    setTabChangesFocus(true);
    setFont(monoFont(12));
}

void PromptText::setTokens(const QVector<PromptToken>& tokens)
{
    m_tokens = tokens;
    fill();
}

void PromptText::setBordersShown(bool shown)
{
    m_borders = shown;
    fill();
}

void PromptText::fill()
{
    const Theme& t = theme();
    clear();
    m_starts.clear();
    QTextCursor cursor(document());
    cursor.beginEditBlock();
    for (int i = 0; i < m_tokens.size(); ++i) {
        const PromptToken& token = m_tokens[i];
        m_starts.append(cursor.position());
        QTextCharFormat format;
        format.setForeground(token.origin == PromptToken::Origin::chat_template ? t.muted : t.text);
        if (token.origin == PromptToken::Origin::control) {
            format.setForeground(t.accent);
            format.setBackground(t.accent_tint);
        } else if (m_borders && i % 2 == 1) {
            format.setBackground(t.inset);
        }
        cursor.insertText(shownText(token), format);
    }
    cursor.endEditBlock();
}

QString PromptText::describe(int position) const
{
    const auto after = std::upper_bound(m_starts.begin(), m_starts.end(), position);
    if (after == m_starts.begin() || m_tokens.isEmpty())
        return {};
    const auto index = after - m_starts.begin() - 1;
    const PromptToken& token = m_tokens[index];
    return tr("Token %1 of %2: id %3, “%4”, %5")
        .arg(index + 1)
        .arg(m_tokens.size())
        .arg(token.id)
        .arg(shownText(token).trimmed().isEmpty() ? token.text : shownText(token).simplified(),
            originWords(token.origin));
}

bool PromptText::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const QTextCursor cursor = cursorForPosition(viewport()->mapFrom(this, help->pos()));
        QToolTip::showText(help->globalPos(), describe(cursor.position()), this);
        return true;
    }
    return QTextEdit::event(event);
}

void PromptText::changeEvent(QEvent* event)
{
    QTextEdit::changeEvent(event);
    if (event->type() == QEvent::StyleChange && !m_tokens.isEmpty())
        fill();
}

} // namespace gorgon
