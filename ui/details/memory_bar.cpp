// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/details/memory_bar.h"

#include "ui/theme/theme.h"

#include <QLocale>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace gorgon {

namespace {

constexpr int kBarHeight = 12;
constexpr int kRowHeight = 20;
constexpr int kSwatch = 8;
constexpr int kColumnWidth = 220;

} // namespace

MemoryBar::MemoryBar(QWidget* parent)
    : QWidget(parent)
{
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

void MemoryBar::setParts(const QVector<ModelDetails::Memory>& parts)
{
    m_parts.clear();
    m_total = 0;
    QStringList words;
    for (const ModelDetails::Memory& part : parts) {
        if (part.bytes <= 0)
            continue;
        m_parts.append(part);
        m_total += part.bytes;
        words.append(tr("%1: %2").arg(part.name, QLocale().formattedDataSize(part.bytes)));
    }
    setAccessibleName(tr("Memory by part"));
    setAccessibleDescription(words.join(QStringLiteral(", ")));
    updateGeometry();
    update();
}

int MemoryBar::columns(int width) const
{
    return std::clamp(width / kColumnWidth, 1, 3);
}

int MemoryBar::heightForWidth(int width) const
{
    const int n_columns = columns(width);
    const int n_rows = (int(m_parts.size()) + n_columns - 1) / n_columns;
    return kBarHeight + Theme::kInner + n_rows * kRowHeight;
}

QSize MemoryBar::sizeHint() const
{
    return {2 * kColumnWidth, heightForWidth(2 * kColumnWidth)};
}

// Weights take the hues of the heads in turn, so that neighbours differ.
QColor MemoryBar::colour(int part) const
{
    const Theme& t = theme();
    const QColor hue = t.heads[size_t(part) % t.heads.size()];
    return part < int(t.heads.size()) ? hue : blend(hue, t.panel, 0.45);
}

void MemoryBar::paintEvent(QPaintEvent*)
{
    if (m_total == 0)
        return;
    const Theme& t = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF bar(0, 0, width(), kBarHeight);
    QPainterPath outline;
    outline.addRoundedRect(bar, 4, 4);
    painter.setClipPath(outline);
    qint64 before = 0;
    for (int i = 0; i < m_parts.size(); ++i) {
        const double left = bar.width() * double(before) / double(m_total);
        before += m_parts[i].bytes;
        const double right = bar.width() * double(before) / double(m_total);
        painter.fillRect(QRectF(left, 0, right - left, kBarHeight), colour(i));
        painter.fillRect(QRectF(right - 1, 0, 1, kBarHeight), t.panel);
    }
    painter.setClipping(false);
    const int n_columns = columns(width());
    const int column_width = width() / n_columns;
    for (int i = 0; i < m_parts.size(); ++i) {
        const QRect cell(i % n_columns * column_width,
            kBarHeight + Theme::kInner + i / n_columns * kRowHeight, column_width - Theme::kGap,
            kRowHeight);
        painter.fillRect(
            QRect(cell.left(), cell.center().y() - kSwatch / 2, kSwatch, kSwatch), colour(i));
        painter.setPen(t.text);
        const QRect words = cell.adjusted(kSwatch + Theme::kInner, 0, 0, 0);
        const QString size = QLocale().formattedDataSize(m_parts[i].bytes);
        painter.drawText(words, Qt::AlignLeft | Qt::AlignVCenter, m_parts[i].name);
        painter.setPen(t.muted);
        painter.drawText(words, Qt::AlignRight | Qt::AlignVCenter, size);
    }
}

} // namespace gorgon
