// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tree/tree_legend.h"

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

#include "ui/theme/theme.h"
#include "ui/tree/node_item.h"

namespace gorgon {
namespace {

constexpr int kMarkWidth = 18;
constexpr int kEntryGap = 14;
constexpr int kLine = 18;

} // namespace

TreeLegend::TreeLegend(QWidget* parent)
    : QWidget(parent)
{
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    setFont(uiFont(Theme::kCaption));
    setAccessibleName(tr("Legend"));
    setHasThreshold(true);
}

void TreeLegend::setHasThreshold(bool has)
{
    m_entries = {
        {Mark::bar, tr("head"), tr("Bar: the probability that the head gave its guess.")},
        {Mark::tick, tr("model"), tr("Tick: the probability that the model gives the same token.")},
    };
    if (has)
        m_entries.push_back({Mark::line, tr("threshold"),
            tr("Line: a guess passes where the model's tick lies to the right of it.")});
    else
        m_entries.push_back({Mark::wide_tick, tr("model's choice"),
            tr("Wide tick: the very token that the model itself puts here; no other passes.")});
    m_entries.push_back(
        {Mark::accepted, tr("accepted"), tr("Accepted: the token is part of the text.")});
    if (has) // else every rival is rejected
        m_entries.push_back({Mark::passed, tr("passed"),
            tr("Ring: it passed, but another path was longer or more likely.")});
    m_entries.push_back({Mark::rejected, tr("rejected"), tr("Cross: the model does not agree.")});
    m_entries.push_back({Mark::not_reached, tr("not reached"),
        tr("Dashed: a token before it was rejected, so it was never looked at.")});
    m_entries.push_back({Mark::next_root, tr("next root"),
        tr("Pill: what the model itself puts after the last accepted token; the next step begins "
           "there.")});
    QStringList all;
    for (const Entry& entry : m_entries)
        all.append(entry.more);
    setAccessibleDescription(all.join(QLatin1Char(' ')));
    updateGeometry();
    update();
}

std::vector<TreeLegend::Placed> TreeLegend::placed(int width) const
{
    const auto lines = [](const std::vector<Placed>& all) { return all.back().rect.bottom(); };
    std::vector<Placed> best = flowed(width);
    if (lines(best) <= kLine)
        return best;
    // Lines of even length: as narrow as the same number of lines allows.
    int low = 1;
    for (int high = width; low < high;) {
        const int middle = low + (high - low) / 2;
        if (lines(flowed(middle)) > lines(best))
            low = middle + 1;
        else
            high = middle;
    }
    return flowed(low);
}

std::vector<TreeLegend::Placed> TreeLegend::flowed(int width) const
{
    const QFontMetricsF metrics(font());
    std::vector<Placed> result;
    qreal x = 0;
    qreal y = 0;
    for (const Entry& entry : m_entries) {
        const qreal own = kMarkWidth + std::ceil(metrics.horizontalAdvance(entry.text));
        if (x > 0 && x + own > width) {
            x = 0;
            y += kLine;
        }
        result.push_back({QRectF(x, y, own, kLine), &entry});
        x += own + kEntryGap;
    }
    return result;
}

int TreeLegend::heightForWidth(int width) const
{
    return int(placed(width).back().rect.bottom());
}

QSize TreeLegend::sizeHint() const
{
    return QSize(int(placed(1 << 20).back().rect.right()) + 1, kLine);
}

QSize TreeLegend::minimumSizeHint() const
{
    return QSize(120, kLine);
}

void TreeLegend::paintMark(QPainter* painter, const QPointF& c, Mark mark)
{
    const Theme& t = theme();
    painter->setPen(Qt::NoPen);
    switch (mark) {
    case Mark::bar:
        painter->setBrush(t.headHue(0));
        painter->drawRoundedRect(QRectF(c.x() - 6, c.y() - 2, 12, 4), 2, 2);
        break;
    case Mark::tick:
    case Mark::wide_tick: {
        const qreal width = mark == Mark::tick ? 2 : 3;
        painter->setBrush(t.text);
        painter->drawRoundedRect(QRectF(c.x() - width / 2, c.y() - 5, width, 10), 0.8, 0.8);
        break;
    }
    case Mark::line:
        painter->setBrush(t.warning);
        painter->drawRect(QRectF(c.x() - 0.5, c.y() - 5, 1, 10));
        break;
    case Mark::accepted:
        return paintVerdict(painter, c, Verdict::accepted);
    case Mark::passed:
        return paintVerdict(painter, c, Verdict::passed);
    case Mark::rejected:
        return paintVerdict(painter, c, Verdict::rejected);
    case Mark::next_root:
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(t.accent, 1.6));
        painter->drawRoundedRect(QRectF(c.x() - 6.5, c.y() - 4, 13, 8), 4, 4);
        break;
    case Mark::not_reached:
        painter->setBrush(Qt::NoBrush);
        QPen pen(t.muted, 1);
        pen.setDashPattern({2, 2});
        painter->setPen(pen);
        painter->drawRoundedRect(QRectF(c.x() - 6.5, c.y() - 4.5, 13, 9), 2.5, 2.5);
        break;
    }
}

void TreeLegend::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    for (const Placed& place : placed(width())) {
        paintMark(&painter, {place.rect.left() + 6.5, place.rect.center().y()}, place.entry->mark);
        painter.setPen(theme().muted);
        painter.setFont(font());
        painter.drawText(place.rect.adjusted(kMarkWidth, 0, 0, 0),
            int(Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine), place.entry->text);
    }
}

bool TreeLegend::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    for (const Placed& place : placed(width())) {
        if (place.rect.contains(help->pos())) {
            QToolTip::showText(help->globalPos(), place.entry->more, this);
            return true;
        }
    }
    QToolTip::hideText();
    return true;
}

} // namespace gorgon
