// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/message_view.h"

#include "ui/chat/message_marks.h"
#include "ui/chat/visible_text.h"
#include "ui/theme/theme.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QMenu>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace gorgon {

namespace {

constexpr qreal kLineHeight = Theme::kConversation * 1.75;
constexpr int kPadX = 14; // inside a bubble
constexpr int kPadY = 7;
// The row below the text, for figures and actions.
constexpr int kRow = 26;
constexpr int kUserRow = 18;
constexpr int kCaretWidth = 8;

QColor selectionColor()
{
    return blend(theme().accent, theme().background, theme().dark ? 0.38 : 0.24);
}

int rowHeight(const MessageView& view)
{
    return view.isUser() ? kUserRow : kRow;
}

QString roleWords(const Message& message)
{
    return message.role == "user" ? QObject::tr("You") : QObject::tr("Answer");
}

} // namespace

MessageView::MessageView(const Message& message, QWidget* parent)
    : QWidget(parent)
    , m_message(message)
    , m_raw(QString::fromStdString(message.text))
    , m_lines(uiFont(Theme::kConversation), kLineHeight)
{
    setFocusPolicy(Qt::TabFocus);
    setMouseTracking(true);
    m_lines.setText(visibleText(m_raw));
    takeMarks(marksOf(message));
    describe();
}

int MessageView::maxTextWidth()
{
    // 72 characters of English running text.
    static const QString sample = QStringLiteral(
        "Once upon a time there was a little dragon who lived in the green hills.");
    return QFontMetrics(uiFont(Theme::kConversation)).horizontalAdvance(sample);
}

QString MessageView::footer() const
{
    QStringList parts;
    const MessageStats& stats = m_message.stats;
    const std::string& settings = m_message.settings;
    if (settings.find("\"finish\":\"length\"") != std::string::npos)
        parts << tr("Ended at the longest answer allowed");
    if (settings.find("\"finish\":\"context\"") != std::string::npos)
        parts << tr("Ended: the context is full");
    if (m_message.state == MessageState::stopped)
        parts << tr("Stopped");
    if (m_message.state == MessageState::interrupted)
        parts << tr("Interrupted: the program ended while this was written");
    if (m_message.state == MessageState::failed)
        parts << tr("Failed");
    if (!isUser() && stats.steps > 0 && stats.decode_ms > 0) {
        parts << tr("%1 tokens/s")
                     .arg(groupedNumber(qRound64(stats.new_tokens / stats.decode_ms * 1e3)));
        parts << tr("%1 tokens per step").arg(double(stats.new_tokens) / stats.steps, 0, 'f', 1);
        parts << tr("first token %1 ms")
                     .arg(groupedNumber(std::llround(std::ceil(stats.prefill_ms))));
    }
    return parts.join(QStringLiteral("  \u00B7  "));
}

QString MessageView::shownFooter() const
{
    return QFontMetrics(uiFont(12))
        .elidedText(footer(), Qt::ElideRight, width() - 2 * kFrame - m_actions_width);
}

void MessageView::setActionsWidth(int width)
{
    if (m_actions_width == width)
        return;
    m_actions_width = width;
    update();
}

QString MessageView::selectedText() const
{
    const int from = std::min(m_selection.start, m_selection.end);
    return m_raw.mid(from, std::abs(m_selection.end - m_selection.start));
}

void MessageView::append(const QString& raw, const TextMarks& marks)
{
    takeMarks(marks);
    m_raw += raw;
    m_lines.append(visibleText(raw));
    m_waiting.clear();
}

void MessageView::setMessage(const Message& message)
{
    const QString raw = QString::fromStdString(message.text);
    m_message = message;
    if (m_marks.isEmpty())
        takeMarks(marksOf(message));
    if (raw != m_raw) {
        m_raw = raw;
        m_selection = {};
        m_lines.setText(visibleText(raw));
    }
    m_waiting.clear();
    describe();
    update();
}

void MessageView::setStats(const MessageStats& stats)
{
    m_message.stats = stats;
    update(0, height() - rowHeight(*this) - kFrame, width(), rowHeight(*this) + kFrame);
}

void MessageView::setWaiting(const QString& words)
{
    m_waiting = words;
    update();
}

void MessageView::describe()
{
    setAccessibleName(roleWords(m_message) + QStringLiteral(": ") + m_raw.left(2000));
    setAccessibleDescription(footer());
}

int MessageView::estimatedHeight(int width) const
{
    const int column = std::max(80, std::min(width - 2 * kFrame, maxTextWidth()));
    const double per_line = std::max(8.0, column / 7.6);
    const double lines = std::ceil(double(m_raw.size()) / per_line) + double(m_raw.count(u'\n'));
    return int(std::max(1.0, lines) * kLineHeight) + (isUser() ? 2 * kPadY : 0) + rowHeight(*this)
        + 2 * kFrame;
}

int MessageView::layOut(int width)
{
    const int available = width - 2 * kFrame - (isUser() ? 2 * kPadX + width / 8 : 0);
    m_lines.setWidth(std::max(40, std::min(available, maxTextWidth())));
    return int(std::ceil(m_lines.height())) + (isUser() ? 2 * kPadY : 0) + rowHeight(*this)
        + 2 * kFrame;
}

QRectF MessageView::bubble() const
{
    const qreal text_height = m_lines.height();
    if (!isUser())
        return QRectF(kFrame, kFrame, width() - 2 * kFrame, text_height);
    const qreal card = std::min<qreal>(m_lines.widestLine() + 2 * kPadX + 1, width() - 2 * kFrame);
    return QRectF(width() - kFrame - card, kFrame, card, text_height + 2 * kPadY);
}

QPointF MessageView::textOrigin() const
{
    return bubble().topLeft() + (isUser() ? QPointF(kPadX, kPadY) : QPointF());
}

QRect MessageView::actionRect() const
{
    return {kFrame, height() - rowHeight(*this) - kFrame, width() - 2 * kFrame, rowHeight(*this)};
}

void MessageView::paintEvent(QPaintEvent* event)
{
    const Theme& colors = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF card = bubble();
    if (isUser()) {
        // The corner towards the writer is sharp.
        QPainterPath path;
        path.setFillRule(Qt::WindingFill);
        path.addRoundedRect(card, Theme::kCardRadius, Theme::kCardRadius);
        path.addRoundedRect(QRectF(card.center(), card.bottomRight()), 4, 4);
        painter.fillPath(
            path, blend(colors.accent_tint, colors.background, colors.dark ? 0.62 : 0.75));
        if (colors.high_contrast) {
            painter.setPen(QPen(colors.hairline, colors.hairline_width));
            painter.drawPath(path.simplified());
        }
    }
    const QPointF origin = textOrigin();
    m_lines.draw(&painter, origin, QRectF(event->rect()).translated(-origin), colors.text,
        m_selection, selectionColor());

    if (m_marks_shown)
        m_lines.underline(
            &painter, origin, QRectF(event->rect()).translated(-origin), underlines());

    const QRectF row(
        kFrame, height() - rowHeight(*this) - kFrame, width() - 2 * kFrame, rowHeight(*this));
    const bool failed = m_message.state == MessageState::failed;
    if (m_message.state == MessageState::generating) {
        const QRectF end = m_lines.endRect().translated(origin);
        qreal x = end.left() + (m_raw.isEmpty() ? 0 : 3);
        painter.fillRect(QRectF(x, end.center().y() - 8.5, kCaretWidth, 17), colors.accent);
        if (m_raw.isEmpty() && !m_waiting.isEmpty()) {
            painter.setFont(uiFont());
            painter.setPen(colors.muted);
            painter.drawText(QRectF(x + kCaretWidth + 10, end.top(), width(), end.height()),
                Qt::AlignVCenter, m_waiting);
        }
    }
    painter.setFont(uiFont(12));
    painter.setPen(failed ? colors.warning : colors.muted);
    painter.drawText(row.adjusted(0, 0, -m_actions_width, 0),
        Qt::AlignVCenter | (isUser() ? Qt::AlignRight : Qt::AlignLeft), shownFooter());
    if (hasFocus()) {
        painter.setPen(QPen(colors.accent, 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(
            QRectF(rect()).adjusted(1, 1, -1, -1), Theme::kControlRadius, Theme::kControlRadius);
    }
}

void MessageView::enterEvent(QEnterEvent*)
{
    emit activated(this);
}

void MessageView::focusInEvent(QFocusEvent*)
{
    emit activated(this);
    update();
}

void MessageView::focusOutEvent(QFocusEvent*)
{
    update();
}

void MessageView::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::Copy)) {
        emit copyRequested(this);
    } else if (event->matches(QKeySequence::SelectAll)) {
        m_selection = {0, int(m_raw.size())};
        update();
    } else {
        QWidget::keyPressEvent(event);
    }
}

void MessageView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    setFocus(Qt::MouseFocusReason);
    const int place = m_lines.positionAt(event->position() - textOrigin());
    m_selection = {place, place};
    update();
}

void MessageView::mouseMoveEvent(QMouseEvent* event)
{
    const QRectF column(textOrigin(), QSizeF(m_lines.widestLine(), m_lines.height()));
    setCursor(column.contains(event->position()) ? Qt::IBeamCursor : Qt::ArrowCursor);
    if (!(event->buttons() & Qt::LeftButton))
        return;
    m_selection.end = m_lines.positionAt(event->position() - textOrigin());
    update();
}

void MessageView::mouseDoubleClickEvent(QMouseEvent* event)
{
    m_selection = m_lines.wordAt(m_lines.positionAt(event->position() - textOrigin()));
    update();
}

void MessageView::contextMenuEvent(QContextMenuEvent* event)
{
    QMenu menu(this);
    QAction* copy
        = menu.addAction(m_selection.isEmpty() ? tr("Copy message") : tr("Copy selection"));
    if (menu.exec(event->globalPos()) == copy)
        emit copyRequested(this);
}

void MessageView::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::StyleChange)
        update();
    QWidget::changeEvent(event);
}

} // namespace gorgon
