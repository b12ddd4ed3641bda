// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/prompt_edit.h"

#include "ui/theme/theme.h"

#include <QInputMethodEvent>
#include <QKeyEvent>
#include <QMimeData>
#include <QPainter>
#include <QTextBlock>
#include <QUrl>

#include <algorithm>
#include <cmath>

namespace gorgon {

PromptEdit::PromptEdit(QWidget* parent)
    : QPlainTextEdit(parent)
{
    setAccessibleName(tr("Message"));
    setFrameShape(QFrame::NoFrame);
    setStyleSheet(
        QStringLiteral("QPlainTextEdit { border: none; padding: 0; background: transparent; }"));
    setFont(uiFont(Theme::kConversation));
    setTabChangesFocus(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    document()->setDocumentMargin(2);
    viewport()->setAutoFillBackground(false);
    connect(this, &QPlainTextEdit::textChanged, this, &PromptEdit::fit);
    fit();
}

void PromptEdit::setMaximumTextHeight(int height)
{
    m_maximum_height = height;
    fit();
}

QSize PromptEdit::sizeHint() const
{
    return {200, m_height};
}

void PromptEdit::fit()
{
    // Lines of fallback faces (Chinese, emoji) may be taller than those of our own.
    const double line = QFontMetrics(font()).lineSpacing();
    const auto* layout = qobject_cast<QPlainTextDocumentLayout*>(document()->documentLayout());
    const double most = std::max<double>(line, m_maximum_height);
    double text = 0;
    for (QTextBlock block = document()->begin(); block.isValid() && text < most;
         block = block.next())
        text += std::max(line, layout->blockBoundingRect(block).height());
    const double frame = 2 * document()->documentMargin() + 2;
    setVerticalScrollBarPolicy(text > most ? Qt::ScrollBarAsNeeded : Qt::ScrollBarAlwaysOff);
    const int height = int(std::ceil(std::min(text, most) + frame));
    if (height == m_height)
        return;
    m_height = height;
    setFixedHeight(height);
    updateGeometry();
}

// With nothing to undo here, Ctrl+Z is the window's.
bool PromptEdit::event(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride && !document()->isUndoAvailable()
        && static_cast<QKeyEvent*>(event)->matches(QKeySequence::Undo))
    {
        event->ignore();
        return true;
    }
    return QPlainTextEdit::event(event);
}

void PromptEdit::keyPressEvent(QKeyEvent* event)
{
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (enter && !m_composing) {
        if (event->modifiers() & Qt::ShiftModifier)
            textCursor().insertText(QStringLiteral("\n"));
        else if (!event->isAutoRepeat())
            emit sendRequested();
        event->accept();
        ensureCursorVisible();
        return;
    }
    if (enter) {
        event->ignore(); // the input method's own Enter
        return;
    }
    if (event->key() == Qt::Key_Escape && !m_composing) {
        emit cancelRequested();
        event->accept();
        return;
    }
    QPlainTextEdit::keyPressEvent(event);
}

void PromptEdit::inputMethodEvent(QInputMethodEvent* event)
{
    m_composing = !event->preeditString().isEmpty();
    QPlainTextEdit::inputMethodEvent(event);
    fit();
}

// Text only: a dropped or pasted file, picture or page is never opened.
bool PromptEdit::canInsertFromMimeData(const QMimeData* source) const
{
    // Files that are dropped are for the window: it opens them.
    const QList<QUrl> urls = source->urls();
    const bool files = !urls.isEmpty()
        && std::all_of(urls.begin(), urls.end(), [](const QUrl& url) { return url.isLocalFile(); });
    return source->hasText() && !files;
}

void PromptEdit::insertFromMimeData(const QMimeData* source)
{
    if (source->hasText())
        textCursor().insertText(source->text());
    ensureCursorVisible();
}

// Qt halves the contrast of the hint in an empty line that has a style sheet.
void PromptEdit::paintEvent(QPaintEvent* event)
{
    QPlainTextEdit::paintEvent(event);
    if (m_composing || !document()->isEmpty())
        return;
    QPainter painter(viewport());
    painter.setPen(theme().muted);
    painter.setFont(font());
    const qreal margin = document()->documentMargin();
    painter.drawText(QRectF(viewport()->rect()).adjusted(margin, margin, -margin, 0),
        Qt::AlignLeft | Qt::AlignTop, tr("Write a message"));
}

void PromptEdit::changeEvent(QEvent* event)
{
    QPlainTextEdit::changeEvent(event);
    if (event->type() == QEvent::FontChange)
        fit();
}

void PromptEdit::resizeEvent(QResizeEvent* event)
{
    QPlainTextEdit::resizeEvent(event);
    fit();
}

} // namespace gorgon
