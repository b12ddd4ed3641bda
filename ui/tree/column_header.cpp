// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tree/column_header.h"

#include <QHelpEvent>
#include <QLocale>
#include <QPainter>
#include <QToolTip>

#include "ui/theme/theme.h"
#include "ui/tree/candidate_tree_view.h"
#include "ui/tree/node_item.h"
#include "ui/tree/step_words.h"

namespace gorgon {

ColumnHeader::ColumnHeader(CandidateTreeView* view)
    : QWidget(view)
    , m_view(view)
{
    setAccessibleName(tr("Heads"));
}

void ColumnHeader::setColumns(std::vector<Column> columns)
{
    m_columns = std::move(columns);
    QStringList all;
    for (int head = 0; head < int(m_columns.size()); ++head)
        all.append(words(head));
    setAccessibleDescription(all.join(QLatin1Char(' ')));
    update();
}

QString ColumnHeader::words(int head) const
{
    const Column& column = m_columns[size_t(head)];
    const QString number = QLocale().toString(head + 1);
    const QString now = column.hit == Hit::hit ? tr("In this step its first guess was right.")
        : column.hit == Hit::miss              ? tr("In this step its first guess was wrong.")
                                  : tr("This step's text did not get as far as its guess.");
    if (column.share < 0)
        return tr("Head %1 guesses the token %2 places after the root. %3")
            .arg(number)
            .arg(head + 1)
            .arg(now);
    return tr("Head %1: its first guess was right in %2 of %3 checks. %4")
        .arg(number, percentText(column.share), QLocale().toString(column.guesses), now);
}

void ColumnHeader::paintEvent(QPaintEvent*)
{
    const Theme& t = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (m_columns.empty())
        return;
    const QFont name_font = uiFont(12, QFont::DemiBold);
    const QFontMetricsF name_metrics(name_font);
    for (int column = 0; column <= int(m_columns.size()); ++column) {
        const QRectF place = m_view->columnRect(column);
        const qreal left = place.left() + 1;
        const QRectF upper(left, 0, place.width(), 18);
        const QRectF lower(left, 17, place.width(), 15);
        painter.setFont(name_font);
        painter.setPen(column == 0 ? t.muted : t.headHue(column - 1));
        const QString name = column == 0 ? tr("root") : tr("head %1").arg(column);
        painter.drawText(upper, int(Qt::AlignLeft | Qt::AlignVCenter), name);
        if (column == 0)
            continue;
        const Column& own = m_columns[size_t(column - 1)];
        const qreal mark_x = left + name_metrics.horizontalAdvance(name) + 10;
        if (own.hit != Hit::unknown)
            paintVerdict(&painter, {mark_x, upper.center().y() + 0.5},
                own.hit == Hit::hit ? Verdict::accepted : Verdict::rejected);
        painter.setFont(monoFont(Theme::kCaption));
        painter.setPen(t.muted);
        const QString share = own.share < 0 ? QStringLiteral("–")
                                            : tr("%1 % right").arg(qRound(own.share * 100), 2);
        painter.drawText(lower, int(Qt::AlignLeft | Qt::AlignVCenter), share);
    }
}

bool ColumnHeader::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    for (int head = 0; head < int(m_columns.size()); ++head) {
        const QRectF place = m_view->columnRect(head + 1);
        if (help->pos().x() >= place.left() && help->pos().x() <= place.right()) {
            QToolTip::showText(help->globalPos(), words(head), this);
            return true;
        }
    }
    QToolTip::hideText();
    return true;
}

} // namespace gorgon
