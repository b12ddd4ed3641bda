// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/fit_views.h"

#include "app/window/hub_views.h"
#include "ui/models/hub_words.h"

#include <QObject>

#include <algorithm>

namespace gorgon {

Badge::Tone toneOf(Fit fit)
{
    switch (fit) {
    case Fit::fits:
        return Badge::Tone::good;
    case Fit::tight:
        return Badge::Tone::caution;
    case Fit::lacks:
        return Badge::Tone::warning;
    case Fit::unknown:
        break;
    }
    return Badge::Tone::plain;
}

Badge memoryBadge(const PairFit& fit)
{
    Badge badge{
        QObject::tr("Memory"), toText(std::string(fitWord(fit.fit))), Badge::Tone::plain, {}};
    badge.tone = toneOf(fit.fit);
    QStringList lines{QStringLiteral("%1: %2").arg(
        badge.text, toText(fit.sentence.empty() ? fit.problem : fit.sentence))};
    for (const DeviceFit& device : fit.devices) {
        for (const FormatFit& format : device.formats) {
            QStringList sum;
            for (const FitLine& line : format.lines)
                sum << QStringLiteral("%1 %2").arg(
                    toText(line.what), sizeWords(qint64(line.bytes)));
            lines << QObject::tr("%1, %2: %3 of %4 free, %5")
                         .arg(toText(device.device), toText(format.weights),
                             sizeWords(qint64(format.bytes)), sizeWords(qint64(device.free_bytes)),
                             toText(std::string(fitWord(format.fit))));
            if (&format == &device.formats[size_t(std::max(0, device.best))])
                lines << QStringLiteral("    %1").arg(sum.join(QStringLiteral(" + ")));
        }
    }
    badge.tip = lines.join(QLatin1Char('\n'));
    return badge;
}

QVector<FitView> fitViews(const std::vector<PairFit>& fits)
{
    QVector<FitView> views;
    for (const PairFit& fit : fits) {
        FitView view{fit.context, {}};
        for (const DeviceFit& device : fit.devices) {
            FitPlace place{toText(device.device), qint64(device.free_bytes), {}, device.best};
            for (const FormatFit& format : device.formats) {
                FitFormat shown;
                shown.weights = format.weights == "native" ? QString() : toText(format.weights);
                shown.verdict = toText(std::string(fitWord(format.fit)));
                shown.tone = toneOf(format.fit);
                shown.bytes = qint64(format.bytes);
                for (const FitLine& line : format.lines)
                    shown.lines.append({toText(line.what), qint64(line.bytes)});
                place.formats.append(shown);
            }
            view.places.append(place);
        }
        if (!view.places.isEmpty())
            views.append(view);
    }
    return views;
}

} // namespace gorgon
