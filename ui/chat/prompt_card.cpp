// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/prompt_card.h"

#include "ui/chat/prompt_edit.h"
#include "ui/chat/visible_text.h"
#include "ui/theme/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace gorgon {

PromptCard::PromptCard(QWidget* parent)
    : QFrame(parent)
    , m_edit(new PromptEdit)
    , m_context(new QLabel)
    , m_editing_strip(new QWidget)
    , m_button(new QPushButton)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(14, 12, 14, 12);
    column->setSpacing(Theme::kInner);

    auto* strip = new QHBoxLayout(m_editing_strip);
    strip->setContentsMargins(2, 0, 0, 0);
    auto* words = new QLabel(tr("Editing a message: sending it replaces what came after"));
    setRole(words, "caption");
    auto* cancel = new QToolButton;
    cancel->setText(tr("Cancel"));
    cancel->setAccessibleName(tr("Cancel editing"));
    setRole(cancel, "flat");
    strip->addWidget(words, 1);
    strip->addWidget(cancel);
    m_editing_strip->hide();

    m_context->setAccessibleName(tr("Context in use"));
    setRole(m_context, "caption");
    setRole(m_button, "primary");
    m_button->setMinimumSize(88, 32);
    m_button->setFocusPolicy(Qt::StrongFocus);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(2, 0, 0, 0);
    row->addWidget(m_context, 1);
    row->addWidget(m_button);
    column->addWidget(m_editing_strip);
    column->addWidget(m_edit);
    column->addLayout(row);

    connect(m_edit, &PromptEdit::sendRequested, this, &PromptCard::send);
    connect(m_edit, &PromptEdit::cancelRequested, this, &PromptCard::escape);
    connect(m_edit, &QPlainTextEdit::textChanged, this, [this] {
        updateButton();
        emit textEdited();
    });
    connect(cancel, &QToolButton::clicked, this, &PromptCard::editingCancelled);
    connect(m_button, &QPushButton::clicked, this, [this] {
        if (m_mode == Mode::stop)
            emit stopRequested();
        else
            send();
    });
    setMode(Mode::blocked);
}

QString PromptCard::text() const
{
    return m_edit->toPlainText();
}

void PromptCard::setText(const QString& text)
{
    m_edit->setPlainText(text);
    m_edit->moveCursor(QTextCursor::End);
}

void PromptCard::setMode(Mode mode, const QString& why)
{
    m_mode = mode;
    m_why = why;
    updateButton();
}

void PromptCard::setContext(int used, int size)
{
    m_used = used;
    m_size = size;
    m_context->setText(size > 0 && used >= 0
            ? tr("Context %1 of %2").arg(groupedNumber(used), groupedNumber(size))
            : QString());
    update();
}

void PromptCard::setEditing(bool editing)
{
    m_editing = editing;
    m_editing_strip->setVisible(editing);
}

void PromptCard::updateButton()
{
    const bool stop = m_mode == Mode::stop;
    m_button->setText(stop ? tr("Stop  Esc") : tr("Send"));
    m_button->setAccessibleName(stop ? tr("Stop the answer") : tr("Send the message"));
    m_button->setEnabled(stop || (m_mode == Mode::send && !m_edit->document()->isEmpty()));
    m_button->setToolTip(m_mode == Mode::blocked ? m_why
            : stop                               ? tr("Stop (Esc)")
                                                 : tr("Send (Enter)"));
}

void PromptCard::send()
{
    if (m_mode == Mode::send && !text().trimmed().isEmpty())
        emit sent(text());
}

void PromptCard::escape()
{
    if (m_mode == Mode::stop)
        emit stopRequested();
    else if (m_editing)
        emit editingCancelled();
}

void PromptCard::mousePressEvent(QMouseEvent*)
{
    m_edit->setFocus(Qt::MouseFocusReason);
}

void PromptCard::paintEvent(QPaintEvent*)
{
    const Theme& colors = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const qreal width = m_edit->hasFocus() ? colors.hairline_width : colors.hairline_width;
    painter.setPen(QPen(
        m_edit->hasFocus() ? blend(colors.accent, colors.hairline, 0.45) : colors.hairline, width));
    painter.setBrush(colors.panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2),
        Theme::kCardRadius, Theme::kCardRadius);
}

} // namespace gorgon
