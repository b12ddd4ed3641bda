// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/conversation_delegate.h"

#include "ui/chat/conversation_model.h"
#include "ui/theme/theme.h"

#include <QPainter>

namespace gorgon {

namespace {

constexpr int kRowHeight = 52;
constexpr int kPad = 12;

} // namespace

void ConversationDelegate::paint(
    QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const Theme& colors = theme();
    const bool selected = option.state & QStyle::State_Selected;
    const QRectF card = QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    if (selected)
        painter->setBrush(colors.accent_tint);
    else if (option.state & QStyle::State_MouseOver)
        painter->setBrush(colors.inset);
    else
        painter->setBrush(Qt::NoBrush);
    if ((option.state & QStyle::State_HasFocus) || (selected && colors.high_contrast))
        painter->setPen(QPen(colors.accent, colors.high_contrast ? 2 : 1));
    painter->drawRoundedRect(card, Theme::kControlRadius, Theme::kControlRadius);

    const QRect inner = option.rect.adjusted(kPad, 8, -kPad, -8);
    const QFont title_font = uiFont(Theme::kInterface, selected ? QFont::DemiBold : QFont::Normal);
    const QString title = QFontMetrics(title_font)
                              .elidedText(index.data().toString(), Qt::ElideRight, inner.width());
    painter->setPen(colors.text);
    painter->setFont(title_font);
    painter->drawText(inner, Qt::AlignLeft | Qt::AlignTop, title);
    const bool busy = index.data(ConversationModel::busy_role).toBool();
    painter->setPen(busy ? colors.accent : colors.muted);
    painter->setFont(uiFont(Theme::kCaption));
    painter->drawText(inner, Qt::AlignLeft | Qt::AlignBottom,
        busy ? tr("writing") : index.data(ConversationModel::date_role).toString());
    painter->restore();
}

QSize ConversationDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const
{
    return {120, kRowHeight};
}

void ConversationDelegate::updateEditorGeometry(
    QWidget* editor, const QStyleOptionViewItem& option, const QModelIndex&) const
{
    editor->setGeometry(option.rect.adjusted(4, 8, -4, -12));
}

} // namespace gorgon
