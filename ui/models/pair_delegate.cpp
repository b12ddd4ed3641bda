// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/pair_delegate.h"

#include "ui/models/discover_model.h"
#include "ui/theme/theme.h"

#include <QPainter>

namespace gorgon {

namespace {

constexpr int kRowHeight = 76;
constexpr int kPad = 12;
constexpr int kPillHeight = 18;
constexpr int kPillPad = 8;
constexpr int kPillGap = 6;

QColor toneColour(Badge::Tone tone)
{
    switch (tone) {
    case Badge::Tone::good:
    case Badge::Tone::chosen:
        return theme().accent;
    case Badge::Tone::caution:
        return theme().text;
    case Badge::Tone::warning:
        return theme().warning;
    case Badge::Tone::plain:
        break;
    }
    return theme().muted;
}

/// As many as there is room for.
void paintPills(QPainter& painter, const QVector<Badge>& badges, QRect place)
{
    painter.setFont(uiFont(Theme::kCaption));
    const QFontMetrics metrics = painter.fontMetrics();
    int x = place.left();
    for (const Badge& badge : badges) {
        const int width = metrics.horizontalAdvance(badge.text) + 2 * kPillPad;
        if (x + width > place.right())
            break;
        const QRectF pill(x + 0.5, place.top() + 0.5, width - 1, kPillHeight - 1);
        const bool plain = badge.tone == Badge::Tone::plain;
        painter.setPen(
            QPen(plain ? theme().hairline : toneColour(badge.tone), theme().high_contrast ? 2 : 1,
                badge.tone == Badge::Tone::warning ? Qt::DashLine : Qt::SolidLine));
        const bool filled = badge.tone == Badge::Tone::chosen;
        painter.setBrush(filled ? QBrush(theme().accent) : QBrush(Qt::NoBrush));
        painter.drawRoundedRect(pill, kPillHeight / 2.0, kPillHeight / 2.0);
        painter.setPen(filled ? theme().panel : toneColour(badge.tone));
        painter.drawText(pill, Qt::AlignCenter, badge.text);
        x += width + kPillGap;
    }
}

} // namespace

void PairDelegate::paint(
    QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const PairEntry entry = index.data(DiscoverModel::entry_role).value<PairEntry>();
    const Theme& colors = theme();
    const bool selected = option.state & QStyle::State_Selected;
    const QRectF card = QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(selected                       ? QBrush(colors.accent_tint)
            : option.state & QStyle::State_MouseOver ? QBrush(colors.inset)
                                                     : QBrush(Qt::NoBrush));
    if ((option.state & QStyle::State_HasFocus) || (selected && colors.high_contrast))
        painter->setPen(QPen(colors.accent, colors.high_contrast ? 2 : 1));
    painter->drawRoundedRect(card, Theme::kControlRadius, Theme::kControlRadius);

    const QRect inner = option.rect.adjusted(kPad, 8, -kPad, -8);
    const QFont title_font = uiFont(Theme::kInterface, QFont::DemiBold);
    const QFont names_font = uiFont(Theme::kCaption);
    const QFontMetrics title_metrics(title_font);
    painter->setFont(title_font);
    painter->setPen(colors.text);
    painter->drawText(inner, Qt::AlignLeft | Qt::AlignTop,
        title_metrics.elidedText(entry.title, Qt::ElideRight, inner.width()));
    painter->setFont(names_font);
    painter->setPen(colors.muted);
    painter->drawText(inner.adjusted(0, title_metrics.height() + 1, 0, 0),
        Qt::AlignLeft | Qt::AlignTop,
        QFontMetrics(names_font).elidedText(entry.names(), Qt::ElideMiddle, inner.width()));
    paintPills(*painter, entry.badges,
        QRect(inner.left(), inner.bottom() - kPillHeight + 1, inner.width(), kPillHeight));
    painter->restore();
}

QSize PairDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const
{
    return {200, kRowHeight};
}

} // namespace gorgon
