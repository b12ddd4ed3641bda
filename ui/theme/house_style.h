// SPDX-License-Identifier: GPL-3.0-or-later
// Fusion with our own sliders, boxes and marks; the rest is in the style sheet.
#pragma once

#include <QProxyStyle>
#include <QStyleOption>

namespace gorgon {

class HouseStyle : public QProxyStyle
{
    Q_OBJECT

public:
    HouseStyle();

    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
        const QWidget* widget) const override;
    void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
        QPainter* painter, const QWidget* widget) const override;
    int pixelMetric(
        PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
    QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
        const QWidget* widget) const override;
    int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
        QStyleHintReturn* data) const override;
    QRect subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part,
        const QWidget* widget) const override;

private:
    void drawSlider(
        const QStyleOptionSlider& option, QPainter* painter, const QWidget* widget) const;
    void drawComboBox(const QStyleOptionComboBox& option, QPainter* painter) const;
    void drawSpinBox(
        const QStyleOptionSpinBox& option, QPainter* painter, const QWidget* widget) const;
};

} // namespace gorgon
