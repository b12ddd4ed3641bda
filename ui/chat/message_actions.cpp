// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/message_actions.h"

#include "ui/chat/message_view.h"
#include "ui/theme/theme.h"

#include <QHBoxLayout>
#include <QToolButton>

namespace gorgon {

MessageActions::MessageActions(QWidget* parent)
    : QWidget(parent)
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(2);
    m_copy = add(tr("Copy"), tr("Copy this message"));
    m_edit = add(tr("Edit"), tr("Edit this message and answer again"));
    m_regenerate = add(tr("Regenerate"), tr("Write this answer again"));
    connect(m_copy, &QToolButton::clicked, this, [this] { emit copyRequested(m_view); });
    connect(m_edit, &QToolButton::clicked, this, [this] { emit editRequested(m_view); });
    connect(
        m_regenerate, &QToolButton::clicked, this, [this] { emit regenerateRequested(m_view); });
    hide();
}

QToolButton* MessageActions::add(const QString& text, const QString& name)
{
    auto* button = new QToolButton(this);
    button->setText(text);
    button->setAccessibleName(name);
    button->setToolTip(name);
    button->setFont(uiFont(12));
    setRole(button, "flat");
    layout()->addWidget(button);
    return button;
}

MessageView* MessageActions::view() const
{
    return m_view;
}

void MessageActions::attach(MessageView* view, bool may_change, bool is_last_answer)
{
    if (m_view && m_view != view)
        m_view->setActionsWidth(0);
    m_view = view;
    if (!view) {
        hide();
        return;
    }
    m_edit->setVisible(view->isUser() && may_change);
    m_regenerate->setVisible(!view->isUser() && may_change && is_last_answer);
    // Tab leads from the message to its buttons, whatever the order of creation.
    QWidget::setTabOrder(view, m_copy);
    QWidget::setTabOrder(m_copy, m_edit);
    QWidget::setTabOrder(m_edit, m_regenerate);
    show();
    raise();
    place();
}

void MessageActions::place()
{
    if (!m_view)
        return;
    adjustSize();
    const QRect row = m_view->actionRect().translated(m_view->pos());
    m_view->setActionsWidth(width() + Theme::kInner);
    move(row.right() - width() + 1, row.top() + (row.height() - height()) / 2);
}

} // namespace gorgon
