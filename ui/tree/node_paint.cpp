// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <QPainter>
#include <QPainterPath>

#include "ui/theme/theme.h"
#include "ui/tree/node_item.h"

namespace gorgon {
namespace {

constexpr qreal kDim = 0.45; // never reached

bool isDim(const NodeFace& face)
{
    return face.kind == NodeFace::Kind::drafted && face.verdict == Verdict::not_reached;
}

QPen borderPen(const NodeFace& face)
{
    const Theme& t = theme();
    if (face.kind == NodeFace::Kind::root)
        return QPen(t.muted, 1.8);
    if (face.onPath())
        return QPen(t.accent, t.high_contrast ? 2.5 : 1.8);
    if (face.verdict == Verdict::passed || face.verdict == Verdict::beyond_end)
        return QPen(t.accent, t.high_contrast ? 2 : 1.2);
    QPen pen(t.hairline, t.hairline_width);
    if (isDim(face)) {
        pen.setColor(t.muted);
        pen.setDashPattern({3, 3});
    }
    return pen;
}

QColor fillColour(const NodeFace& face)
{
    const Theme& t = theme();
    if (face.kind == NodeFace::Kind::root)
        return t.inset;
    return face.kind == NodeFace::Kind::drafted && face.verdict == Verdict::accepted ? t.accent_tint
                                                                                     : t.panel;
}

void paintDot(QPainter* painter, const QRectF& box, const NodeFace& face)
{
    const Theme& t = theme();
    const qreal r = face.onPath() ? 6.5 : 4.2;
    const QPointF centre(box.left() + 5, box.center().y());
    QPen pen = borderPen(face);
    pen.setStyle(Qt::SolidLine); // too small for dashes
    painter->setPen(pen);
    painter->setBrush(face.onPath() && face.kind != NodeFace::Kind::root ? t.accent
            : face.verdict == Verdict::rejected                          ? t.headHue(face.head)
                                                                         : t.panel);
    painter->drawEllipse(centre, r, r);
}

void paintLabel(QPainter* painter, const QRectF& rect, const NodeFace& face, qreal px = 11.5)
{
    const Theme& t = theme();
    QFont font = monoFont(px);
    painter->setFont(font);
    painter->setPen(face.empty ? t.muted : t.text);
    const QString label = QFontMetricsF(font).elidedText(face.label, Qt::ElideRight, rect.width());
    painter->drawText(rect, int(Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine), label);
}

/// Beside its dot, on a ground of its own, in the same size at every scale.
void paintDotLabel(QPainter* painter, const QRectF& box, const NodeFace& face)
{
    const qreal scale
        = qMax(painter->worldTransform().m11() / painter->device()->devicePixelRatioF(), 0.1);
    const qreal px = 11.5 / qMin<qreal>(scale, 1);
    const qreal wanted = QFontMetricsF(monoFont(px)).horizontalAdvance(face.label);
    const QRectF text(
        box.left() + 15, box.center().y() - 0.7 * px, qMin(wanted + 1, box.width() + 4), 1.4 * px);
    painter->setPen(Qt::NoPen);
    painter->setBrush(theme().panel);
    painter->drawRoundedRect(text.adjusted(-2, 0, 2, 0), 3, 3);
    paintLabel(painter, text, face, px);
}

} // namespace

void paintVerdict(QPainter* painter, const QPointF& c, Verdict verdict)
{
    const Theme& t = theme();
    const QColor colour = verdict == Verdict::rejected ? t.warning : t.accent;
    painter->setPen(QPen(colour, 1.7, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter->setBrush(Qt::NoBrush);
    if (verdict == Verdict::accepted) {
        painter->drawPolyline(
            QPolygonF{c + QPointF(-3.5, 0.2), c + QPointF(-1, 2.7), c + QPointF(3.5, -2.7)});
    } else if (verdict == Verdict::passed || verdict == Verdict::beyond_end) {
        painter->drawEllipse(c, 3.2, 3.2);
    } else if (verdict == Verdict::rejected) {
        painter->drawLine(c + QPointF(-2.6, -2.6), c + QPointF(2.6, 2.6));
        painter->drawLine(c + QPointF(-2.6, 2.6), c + QPointF(2.6, -2.6));
    }
}

void paintTrack(QPainter* painter, const QRectF& track, const NodeFace& face)
{
    const Theme& t = theme();
    const qreal radius = track.height() / 2;
    const auto at
        = [&](float share) { return track.left() + std::clamp(share, 0.F, 1.F) * track.width(); };
    const QColor ground
        = fillColour(face) == t.panel ? t.inset : blend(t.text, fillColour(face), 0.09);
    painter->setPen(t.high_contrast ? QPen(t.hairline, 1) : Qt::NoPen);
    painter->setBrush(t.dark ? blend(t.text, ground, 0.04) : ground);
    painter->drawRoundedRect(track, radius, radius);
    if (face.empty)
        return;
    painter->setPen(Qt::NoPen);
    painter->setBrush(t.headHue(face.head));
    QRectF bar = track;
    bar.setRight(std::max(at(face.draft_prob), track.left() + 2));
    painter->drawRoundedRect(bar, std::min(radius, bar.width() / 2), radius);
    const qreal reach
        = track.height() <= 4 ? 3 : 1.5; // ticks stand out of the track above and below
    if (face.threshold >= 0) {
        painter->setBrush(t.warning);
        painter->drawRect(
            QRectF(at(face.threshold) - 0.5, track.top() - reach, 1, track.height() + 2 * reach));
    }
    const qreal width = face.models_choice && face.threshold < 0 ? 3 : 2;
    const qreal x
        = std::clamp(at(face.posterior_prob) - width / 2, track.left(), track.right() - width);
    painter->setBrush(t.text);
    painter->drawRoundedRect(
        QRectF(x, track.top() - reach, width, track.height() + 2 * reach), 0.8, 0.8);
}

void paintNode(
    QPainter* painter, const QRectF& box, const NodeFace& face, bool with_text, bool ringed)
{
    const Theme& t = theme();
    painter->setRenderHint(QPainter::Antialiasing);
    const bool dot = face.detail == NodeDetail::dots;
    const bool pill = face.kind == NodeFace::Kind::next_root;
    painter->setOpacity(isDim(face) && !ringed && !t.high_contrast ? kDim : 1);
    if (dot) {
        paintDot(painter, box, face);
        if (with_text)
            paintDotLabel(painter, box, face);
        return;
    }

    const qreal radius
        = pill ? box.height() / 2 : std::min<qreal>(Theme::kNodeRadius, box.height() / 2);
    painter->setPen(borderPen(face));
    painter->setBrush(fillColour(face));
    painter->drawRoundedRect(box, radius, radius);
    if (ringed) {
        painter->setPen(QPen(t.text, 1.2));
        painter->setBrush(Qt::NoBrush);
        painter->drawRoundedRect(box.adjusted(-2.5, -2.5, 2.5, 2.5), radius + 2, radius + 2);
    }
    const bool drafted = face.kind == NodeFace::Kind::drafted;
    if (!with_text) { // a bar alone
        paintTrack(
            painter, QRectF(box.left() + 6, box.center().y() - 1.5, box.width() - 12, 3), face);
        return;
    }
    const bool low = box.height() < 30;
    const qreal side = pill ? 13 : 8;
    QRectF text(
        box.left() + side, box.top() + (low ? 0.5 : 3), box.width() - 2 * side, low ? 14 : 18);
    if (!drafted)
        text = QRectF(box.left() + side, box.top(), box.width() - 2 * side, box.height());
    if (drafted && face.verdict != Verdict::not_reached)
        text.setRight(box.right() - 19);
    paintLabel(painter, text, face, low && drafted ? 10.5 : 11.5);
    if (!drafted)
        return;
    paintVerdict(painter, QPointF(box.right() - 11.5, text.center().y() + 0.5), face.verdict);
    const qreal height = low ? 3 : 4;
    const qreal y = box.bottom() - (low ? 5.5 : 9.5);
    paintTrack(painter, QRectF(box.left() + 8, y, box.width() - 16, height), face);
}

} // namespace gorgon
