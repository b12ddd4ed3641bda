// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/house_style.h"

#include <QPainter>
#include <QPainterPath>
#include <QPushButton>
#include <QStyleOption>
#include <QTabBar>
#include <QToolButton>

#include "ui/theme/theme.h"

namespace gorgon {
namespace {

constexpr int kControlHeight = 30;
constexpr int kMark = 16; // check box and radio button
constexpr int kHandle = 16;
constexpr int kGroove = 4;
constexpr int kSpinButton = 18;

void drawField(QPainter* painter, const QRect& rect, QStyle::State state)
{
    const Theme& t = theme();
    const bool focus = state & QStyle::State_HasFocus;
    const qreal width = focus ? qMax(1.5, t.hairline_width) : t.hairline_width;
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen(focus ? t.accent : t.hairline, width));
    painter->setBrush(state & QStyle::State_Enabled ? t.panel : t.background);
    const QRectF frame = QRectF(rect).adjusted(width / 2, width / 2, -width / 2, -width / 2);
    painter->drawRoundedRect(frame, Theme::kControlRadius, Theme::kControlRadius);
}

void drawChevron(QPainter* painter, const QPointF& centre, bool up, bool enabled, qreal half = 4)
{
    const Theme& t = theme();
    const qreal dy = up ? -half / 2 : half / 2;
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(
        QPen(enabled ? t.muted : t.hairline, 1.5, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter->setBrush(Qt::NoBrush);
    painter->drawPolyline(QPolygonF{{centre.x() - half, centre.y() - dy},
        {centre.x(), centre.y() + dy}, {centre.x() + half, centre.y() - dy}});
}

void drawMark(QPainter* painter, const QStyleOption& option, bool round)
{
    const Theme& t = theme();
    const bool on = option.state & QStyle::State_On;
    const bool enabled = option.state & QStyle::State_Enabled;
    const bool focus = option.state & QStyle::State_HasFocus;
    QRectF box(0, 0, kMark, kMark);
    box.moveCenter(QRectF(option.rect).center());
    box.adjust(0.75, 0.75, -0.75, -0.75);
    const QColor fill = enabled ? t.accent : t.muted;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen(on ? fill : focus ? t.accent : t.muted, focus ? 2 : 1.25));
    painter->setBrush(on && !round ? fill : t.panel);
    painter->drawRoundedRect(box, round ? kMark / 2.0 : 4, round ? kMark / 2.0 : 4);
    if (on && round) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(fill);
        painter->drawEllipse(box.center(), 4, 4);
    } else if (on) {
        painter->setPen(QPen(t.on_accent, 2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        const QPointF c = box.center();
        painter->drawPolyline(
            QPolygonF{c + QPointF(-3.5, 0.2), c + QPointF(-1, 2.8), c + QPointF(3.6, -2.8)});
    }
    painter->restore();
}

} // namespace

HouseStyle::HouseStyle()
    : QProxyStyle(QStringLiteral("Fusion"))
{
}

void HouseStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option,
    QPainter* painter, const QWidget* widget) const
{
    switch (element) {
    case PE_IndicatorCheckBox:
        return drawMark(painter, *option, false);
    case PE_IndicatorRadioButton:
        return drawMark(painter, *option, true);
    case PE_PanelLineEdit: {
        const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option);
        if (frame && frame->lineWidth > 0)
            drawField(painter, option->rect, option->state);
        return;
    }
    case PE_FrameFocusRect: {
        // Their border in the style sheet is the frame.
        if (qobject_cast<const QPushButton*>(widget) || qobject_cast<const QToolButton*>(widget))
            return;
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(QPen(theme().accent, 1.5));
        painter->setBrush(Qt::NoBrush);
        // Of a tab the style sheet gives less than its words.
        painter->drawRoundedRect(qobject_cast<const QTabBar*>(widget)
                ? QRectF(option->rect).adjusted(-6, -5, 6, 5)
                : QRectF(option->rect).adjusted(1, 1, -1, -1),
            4, 4);
        painter->restore();
        return;
    }
    default:
        QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
}

void HouseStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
    QPainter* painter, const QWidget* widget) const
{
    painter->save();
    if (const auto* slider = qstyleoption_cast<const QStyleOptionSlider*>(option);
        slider && control == CC_Slider)
        drawSlider(*slider, painter, widget);
    else if (const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option);
             combo && control == CC_ComboBox)
        drawComboBox(*combo, painter);
    else if (const auto* spin = qstyleoption_cast<const QStyleOptionSpinBox*>(option);
             spin && control == CC_SpinBox)
        drawSpinBox(*spin, painter, widget);
    else
        QProxyStyle::drawComplexControl(control, option, painter, widget);
    painter->restore();
}

void HouseStyle::drawSlider(
    const QStyleOptionSlider& option, QPainter* painter, const QWidget* widget) const
{
    const Theme& t = theme();
    const bool enabled = option.state & State_Enabled;
    const bool horizontal = option.orientation == Qt::Horizontal;
    const QRectF handle = proxy()->subControlRect(CC_Slider, &option, SC_SliderHandle, widget);
    QRectF groove = option.rect;
    if (horizontal)
        groove = QRectF(
            groove.left() + 2, groove.center().y() - kGroove / 2.0, groove.width() - 4, kGroove);
    else
        groove = QRectF(
            groove.center().x() - kGroove / 2.0, groove.top() + 2, kGroove, groove.height() - 4);
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(t.high_contrast ? QPen(t.hairline, 1) : Qt::NoPen);
    painter->setBrush(t.dark ? t.inset.lighter(115) : t.inset.darker(104));
    painter->drawRoundedRect(groove, kGroove / 2.0, kGroove / 2.0);
    QRectF filled = groove;
    if (!horizontal)
        filled.setTop(handle.center().y());
    else if (option.upsideDown)
        filled.setLeft(handle.center().x());
    else
        filled.setRight(handle.center().x());
    painter->setPen(Qt::NoPen);
    painter->setBrush(enabled ? t.accent : t.hairline);
    painter->drawRoundedRect(filled, kGroove / 2.0, kGroove / 2.0);

    QRectF knob(0, 0, kHandle, kHandle);
    knob.moveCenter(handle.center());
    if (enabled && (option.state & State_HasFocus)) {
        painter->setBrush(blend(t.accent, t.panel, 0.35));
        painter->drawRoundedRect(knob.adjusted(-2, -2, 2, 2), 8, 8);
    }
    painter->setPen(QPen(enabled ? t.accent : t.muted, 2));
    const bool lit = enabled
        && ((option.state & State_Sunken) || (option.activeSubControls & SC_SliderHandle));
    painter->setBrush(lit ? t.accent_tint : t.panel);
    painter->drawRoundedRect(knob.adjusted(1, 1, -1, -1), 6, 6);
}

void HouseStyle::drawComboBox(const QStyleOptionComboBox& option, QPainter* painter) const
{
    drawField(painter, option.rect, option.state);
    const bool left = option.direction == Qt::RightToLeft;
    const QRect rect = option.rect;
    const QPointF centre(left ? rect.left() + 15 : rect.right() - 14, rect.center().y() + 1);
    drawChevron(painter, centre, false, option.state & State_Enabled);
}

void HouseStyle::drawSpinBox(
    const QStyleOptionSpinBox& option, QPainter* painter, const QWidget* widget) const
{
    if (option.frame)
        drawField(painter, option.rect, option.state);
    if (option.buttonSymbols == QAbstractSpinBox::NoButtons)
        return;
    const auto part = [&](SubControl sub, bool up, bool usable) {
        const QRectF rect = proxy()->subControlRect(CC_SpinBox, &option, sub, widget);
        drawChevron(painter, rect.center() + QPointF(0, up ? 1.5 : -0.5), up,
            usable && (option.state & State_Enabled), 3);
    };
    part(SC_SpinBoxUp, true, option.stepEnabled & QAbstractSpinBox::StepUpEnabled);
    part(SC_SpinBoxDown, false, option.stepEnabled & QAbstractSpinBox::StepDownEnabled);
}

QRect HouseStyle::subControlRect(ComplexControl control, const QStyleOptionComplex* option,
    SubControl part, const QWidget* widget) const
{
    if (control == CC_ComboBox && part == SC_ComboBoxEditField)
        return visualRect(
            option->direction, option->rect, option->rect.adjusted(Theme::kInner, 2, -28, -2));
    const auto* spin = qstyleoption_cast<const QStyleOptionSpinBox*>(option);
    if (control != CC_SpinBox || !spin)
        return QProxyStyle::subControlRect(control, option, part, widget);
    const QRect whole = spin->rect;
    const int buttons = spin->buttonSymbols == QAbstractSpinBox::NoButtons ? 0 : kSpinButton;
    const int margin = spin->frame ? 2 : 0;
    QRect rect = whole;
    if (part == SC_SpinBoxEditField)
        rect = whole.adjusted(margin + 4, margin, -margin - buttons, -margin);
    else if (part == SC_SpinBoxUp)
        rect = QRect(
            whole.right() - buttons, whole.top() + margin, buttons, whole.height() / 2 - margin);
    else if (part == SC_SpinBoxDown)
        rect = QRect(
            whole.right() - buttons, whole.center().y() + 1, buttons, whole.height() / 2 - margin);
    return visualRect(spin->direction, whole, rect);
}

int HouseStyle::pixelMetric(
    PixelMetric metric, const QStyleOption* option, const QWidget* widget) const
{
    switch (metric) {
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight:
        return kMark;
    case PM_SliderLength:
    case PM_SliderControlThickness:
        return kHandle;
    case PM_SliderThickness:
        return kHandle + 8;
    case PM_CheckBoxLabelSpacing:
    case PM_RadioButtonLabelSpacing:
        return Theme::kInner;
    default:
        return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

QSize HouseStyle::sizeFromContents(
    ContentsType type, const QStyleOption* option, const QSize& size, const QWidget* widget) const
{
    QSize result = QProxyStyle::sizeFromContents(type, option, size, widget);
    if (type == CT_ComboBox || type == CT_SpinBox || type == CT_LineEdit)
        result.setHeight(qMax(result.height(), kControlHeight));
    if (type == CT_ComboBox)
        result.rwidth() += Theme::kInner;
    return result;
}

int HouseStyle::styleHint(
    StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* data) const
{
    switch (hint) {
    case SH_Slider_AbsoluteSetButtons: // a click on the groove goes there
        return Qt::LeftButton | Qt::MiddleButton;
    case SH_Slider_PageSetButtons:
        return Qt::NoButton;
    case SH_ToolTip_WakeUpDelay:
        return 350;
    case SH_DialogButtonBox_ButtonsHaveIcons:
    case SH_EtchDisabledText:
    case SH_DitherDisabledText:
        return 0;
    case SH_ComboBox_Popup:
        return 0;
    default:
        return QProxyStyle::styleHint(hint, option, widget, data);
    }
}

} // namespace gorgon
