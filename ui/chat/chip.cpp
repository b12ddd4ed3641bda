// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chip.h"

#include "ui/theme/theme.h"

#include <QPainter>

namespace gorgon {

namespace {

constexpr int kHeight = 26;
constexpr int kPad = 11;

} // namespace

Chip::Chip(QWidget* parent)
    : QLabel(parent)
{
    setTextFormat(Qt::PlainText);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

QSize Chip::sizeHint() const
{
    return {QFontMetrics(uiFont(12)).horizontalAdvance(text()) + 2 * kPad, kHeight};
}

void Chip::paintEvent(QPaintEvent*)
{
    const Theme& colors = theme();
    const qreal inset = colors.hairline_width / 2;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(colors.hairline, colors.hairline_width));
    painter.setBrush(colors.panel);
    painter.drawRoundedRect(
        QRectF(rect()).adjusted(inset, inset, -inset, -inset), kHeight / 2.0, kHeight / 2.0);
    painter.setPen(colors.muted);
    painter.setFont(uiFont(12));
    painter.drawText(rect(), Qt::AlignCenter,
        width() >= sizeHint().width()
            ? text()
            : painter.fontMetrics().elidedText(text(), Qt::ElideRight, width() - 2 * kPad));
}

} // namespace gorgon
