// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/notice_bar.h"

#include "ui/chat/visible_text.h"
#include "ui/theme/theme.h"

#include <QAccessible>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QTimer>
#include <QToolButton>

#include <initializer_list>
#include <utility>

namespace gorgon {

namespace {

constexpr int kNoticeMs = 12000;

} // namespace

NoticeBar::NoticeBar(QWidget* parent)
    : QFrame(parent)
    , m_text(new QLabel)
    , m_action_button(new QToolButton)
    , m_close(new QToolButton)
    , m_timer(new QTimer(this))
{
    m_text->setTextFormat(Qt::PlainText);
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_text->setAccessibleName(tr("Notice"));
    m_action_button->setAccessibleName(tr("Action of the notice"));
    setRole(m_action_button, "flat");
    m_close->setText(tr("Dismiss"));
    m_close->setAccessibleName(tr("Dismiss the notice"));
    setRole(m_close, "flat");
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 6, 8, 6);
    row->setSpacing(Theme::kInner);
    row->addWidget(m_text, 1);
    row->addWidget(m_action_button);
    row->addWidget(m_close);
    m_timer->setSingleShot(true);
    connect(m_timer, &QTimer::timeout, this, &NoticeBar::closeShown);
    connect(m_close, &QToolButton::clicked, this, &NoticeBar::closeShown);
    connect(m_action_button, &QToolButton::clicked, this, [this] {
        const std::function<void()> action = shown() ? shown()->action : nullptr;
        closeShown();
        if (action)
            action();
    });
    present();
}

const NoticeBar::Message* NoticeBar::shown() const
{
    for (const std::optional<Message>* place : {&m_front, &m_offer, &m_standing}) {
        if (*place)
            return &**place;
    }
    return nullptr;
}

void NoticeBar::showError(
    const QString& sentence, const QString& action_name, std::function<void()> action)
{
    m_front = Message{sentence, action_name, std::move(action), true, false};
    present();
}

void NoticeBar::showNotice(const QString& sentence)
{
    m_front = Message{sentence, {}, {}, false, true};
    present();
}

void NoticeBar::showUndo(
    const QString& sentence, const QString& action_name, std::function<void()> action)
{
    m_offer = Message{sentence, action_name, std::move(action), false, true};
    // A notice gives way; an error stays until it was read.
    if (m_front && !m_front->error)
        m_front.reset();
    present();
}

void NoticeBar::withdrawUndo()
{
    m_offer.reset();
    present();
}

void NoticeBar::setStanding(const QString& sentence)
{
    m_standing.reset();
    if (!sentence.isEmpty())
        m_standing = Message{sentence, {}, {}, true, false};
    present();
}

void NoticeBar::dismiss()
{
    m_front.reset();
    m_offer.reset();
    present();
}

void NoticeBar::closeShown()
{
    for (std::optional<Message>* place : {&m_front, &m_offer, &m_standing}) {
        if (*place) {
            place->reset();
            break;
        }
    }
    present();
}

void NoticeBar::present()
{
    const Message* message = shown();
    m_timer->stop();
    m_error = message && message->error;
    setVisible(message != nullptr);
    if (!message)
        return;
    const bool acts = bool(message->action);
    m_action_button->setText(message->action_name);
    m_action_button->setAccessibleName(acts ? message->action_name : tr("Action of the notice"));
    m_action_button->setVisible(acts);
    m_text->setText(visibleText(message->sentence));
    m_text->setAccessibleDescription(m_text->text());
    setRole(m_text, m_error ? "warning" : "");
    if (message->passing)
        m_timer->start(kNoticeMs);
    update();
    QAccessibleEvent event(m_text, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
}

QString NoticeBar::text() const
{
    return m_text->text();
}

void NoticeBar::paintEvent(QPaintEvent*)
{
    const Theme& colors = theme();
    QPainter painter(this);
    const QColor tone = m_error ? colors.warning : colors.accent;
    painter.fillRect(rect(), blend(tone, colors.background, colors.high_contrast ? 0 : 0.08));
    painter.fillRect(QRectF(0, 0, 3, height()), tone);
    painter.fillRect(QRectF(0, height() - colors.hairline_width, width(), colors.hairline_width),
        colors.hairline);
}

} // namespace gorgon
