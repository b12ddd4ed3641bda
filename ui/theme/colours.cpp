// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "ui/theme/theme.h"

namespace gorgon {
namespace {

double luminance(const QColor& colour)
{
    const auto linear
        = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF())
        + 0.0722 * linear(colour.blueF());
}

} // namespace

double contrastRatio(const QColor& a, const QColor& b)
{
    const double x = luminance(a);
    const double y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

QColor blend(const QColor& over, const QColor& under, qreal opacity)
{
    const auto mix = [opacity](float a, float b) { return float(a * opacity + b * (1 - opacity)); };
    return QColor::fromRgbF(mix(over.redF(), under.redF()), mix(over.greenF(), under.greenF()),
        mix(over.blueF(), under.blueF()));
}

QVector<qreal> headDash(int head)
{
    static const std::array<QVector<qreal>, 8> kDashes{{
        {},
        {5, 2},
        {1, 1.5},
        {5, 1.5, 1, 1.5},
        {2.5, 2.5},
        {8, 2},
        {5, 1.5, 1, 1.5, 1, 1.5},
        {1, 4},
    }};
    return kDashes[size_t(std::max(head, 0)) % kDashes.size()];
}

} // namespace gorgon
