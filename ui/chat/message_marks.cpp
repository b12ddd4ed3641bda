// SPDX-License-Identifier: GPL-3.0-or-later
// Decoding marks of an answer: what the heads drafted is underlined, a step is a click away.
#include "ui/chat/message_marks.h"

#include "ui/chat/message_view.h"
#include "ui/theme/theme.h"

#include <QHelpEvent>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMouseEvent>
#include <QToolTip>

#include <algorithm>

namespace gorgon {

TextMarks marksOf(const Message& message)
{
    TextMarks marks;
    if (message.settings.find("\"marks\"") == std::string::npos)
        return marks;
    const QJsonArray values = QJsonDocument::fromJson(QByteArray::fromStdString(message.settings))
                                  .object()[QStringLiteral("marks")]
                                  .toArray();
    for (qsizetype i = 0; i + 2 < values.size(); i += 3)
        marks << TextMark{
            std::max(0, values[i].toInt()), values[i + 1].toInt(-1), values[i + 2].toInt()};
    return marks;
}

void MessageView::setMarksShown(bool shown)
{
    m_marks_shown = shown;
    update();
}

void MessageView::takeMarks(const TextMarks& marks)
{
    for (const TextMark& mark : marks) {
        m_mark_ends.push_back((m_mark_ends.empty() ? 0 : m_mark_ends.back()) + mark.length);
        m_marks << mark;
    }
}

const TextMark* MessageView::markAt(QPointF point) const
{
    const QPointF place = point - textOrigin();
    if (!QRectF(0, 0, m_lines.widestLine(), m_lines.height()).contains(place))
        return nullptr;
    const auto end
        = std::upper_bound(m_mark_ends.begin(), m_mark_ends.end(), m_lines.positionAt(place));
    return end == m_mark_ends.end() ? nullptr : &m_marks[end - m_mark_ends.begin()];
}

// Tokens of a step in which a head was right; a step of one token is plain text.
std::vector<Underline> MessageView::underlines() const
{
    std::vector<Underline> lines;
    const Theme& colors = theme();
    for (qsizetype i = 0; i < m_marks.size(); ++i) {
        const TextMark& mark = m_marks[i];
        const bool alone
            = mark.head < 0 && (i + 1 == m_marks.size() || m_marks[i + 1].step != mark.step);
        int start = m_mark_ends[size_t(i)] - mark.length;
        const int end = std::min(m_mark_ends[size_t(i)], int(m_raw.size()));
        while (start < end && m_raw[start].isSpace())
            ++start;
        if (alone || start >= end)
            continue;
        QPen pen(mark.head < 0 ? colors.muted : colors.headHue(mark.head), 2);
        pen.setCapStyle(Qt::FlatCap);
        const QVector<qreal> dash = mark.head < 0 ? QVector<qreal>() : headDash(mark.head);
        if (!dash.isEmpty())
            pen.setDashPattern(dash);
        lines.push_back({start, end, pen});
    }
    return lines;
}

void MessageView::mouseReleaseEvent(QMouseEvent* event)
{
    const TextMark* mark
        = m_marks_shown && m_selection.isEmpty() ? markAt(event->position()) : nullptr;
    if (event->button() == Qt::LeftButton && mark)
        emit stepChosen(m_message.id, mark->step);
}

bool MessageView::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const TextMark* mark = m_marks_shown ? markAt(help->pos()) : nullptr;
    if (!mark && actionRect().contains(help->pos()) && shownFooter() != footer()) {
        QToolTip::showText(help->globalPos(), footer(), this);
        return true;
    }
    if (!mark) {
        QToolTip::hideText();
        return true;
    }
    const auto of_step = std::count_if(m_marks.begin(), m_marks.end(),
        [mark](const TextMark& other) { return other.step == mark->step; });
    QToolTip::showText(help->globalPos(),
        tr("Step %1 wrote %2 tokens. This one is %3. Click to see the step.")
            .arg(mark->step + 1)
            .arg(of_step)
            .arg(mark->head < 0 ? tr("the model's own")
                                : tr("a guess of head %1").arg(mark->head + 1)),
        this);
    return true;
}

} // namespace gorgon
