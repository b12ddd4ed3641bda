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
    setAction({}, {});
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
    connect(m_timer, &QTimer::timeout, this, &NoticeBar::dismiss);
    connect(m_close, &QToolButton::clicked, this, [this] {
        if (m_standing_shown)
            m_standing.clear();
        dismiss();
    });
    connect(m_action_button, &QToolButton::clicked, this, [this] {
        const auto action = std::exchange(m_action, nullptr);
        dismiss();
        if (action)
            action();
    });
    hide();
}

void NoticeBar::showError(
    const QString& sentence, const QString& action_name, std::function<void()> action)
{
    setAction(action_name, std::move(action));
    m_timer->stop();
    present(sentence, true);
}

void NoticeBar::showNotice(const QString& sentence)
{
    setAction({}, {});
    present(sentence, false);
    m_timer->start(kNoticeMs);
}

void NoticeBar::showUndo(
    const QString& sentence, const QString& action_name, std::function<void()> action)
{
    setAction(action_name, std::move(action));
    present(sentence, false);
    m_timer->start(kNoticeMs);
}

void NoticeBar::setStanding(const QString& sentence)
{
    m_standing = sentence;
    if (isHidden() || std::exchange(m_standing_shown, false))
        dismiss();
}

void NoticeBar::setAction(const QString& name, std::function<void()> action)
{
    m_action = std::move(action);
    m_action_button->setText(name);
    m_action_button->setAccessibleName(name.isEmpty() ? tr("Action of the notice") : name);
    m_action_button->setVisible(bool(m_action));
}

void NoticeBar::present(const QString& sentence, bool error)
{
    m_error = error;
    m_standing_shown = false;
    m_text->setText(visibleText(sentence));
    m_text->setAccessibleDescription(m_text->text());
    setRole(m_text, error ? "warning" : "");
    show();
    update();
    QAccessibleEvent event(m_text, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
}

void NoticeBar::dismiss()
{
    m_timer->stop();
    if (m_standing.isEmpty()) {
        m_standing_shown = false;
        hide();
    } else if (!m_standing_shown) {
        setAction({}, {});
        present(m_standing, true);
        m_standing_shown = true;
    }
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
