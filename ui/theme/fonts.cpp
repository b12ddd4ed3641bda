// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <QFontDatabase>
#include <QFontInfo>
#include <QFontMetrics>

#include "ui/theme/theme.h"

namespace gorgon {
namespace {

bool hasMarks(QFont font)
{
    font.setStyleStrategy(QFont::NoFontMerging); // else a glyph of another face would count
    const QFontMetrics metrics(font);
    return std::all_of(kMarkGlyphs.begin(), kMarkGlyphs.end(),
        [&](char32_t glyph) { return metrics.inFontUcs4(glyph); });
}

/// The desktop's fixed face where it has the marks, else the first installed one that has them.
QString monoFamily()
{
    const QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    if (QFontInfo(fixed).fixedPitch() && hasMarks(fixed))
        return QFontInfo(fixed).family();
    for (const char* family : {"JetBrains Mono", "DejaVu Sans Mono", "Cascadia Mono", "FreeMono"}) {
        const QFont font(QString::fromLatin1(family));
        if (QFontInfo(font).family() == font.family() && hasMarks(font))
            return font.family();
    }
    return QFontInfo(fixed).family(); // marks then come from whatever face Qt merges in
}

/// The desktop's face; where none is configured, a clearer one than the generic default.
QString uiFamily()
{
    const QFont general = QFontDatabase::systemFont(QFontDatabase::GeneralFont);
    static const QStringList kGeneric{QStringLiteral("Sans Serif"), QStringLiteral("Sans"),
        QStringLiteral("sans-serif"), QString()};
    if (!kGeneric.contains(general.family()))
        return general.family();
    const QStringList installed = QFontDatabase::families();
    for (const char* family : {"Inter", "Cantarell", "Noto Sans", "DejaVu Sans"})
        if (installed.contains(QLatin1String(family)))
            return QString::fromLatin1(family);
    return general.family();
}

/// The face behind the text's own, for what that lacks: emoji in colour.
QStringList withEmoji(const QString& family)
{
    static const QString emoji = [] {
        const QStringList installed = QFontDatabase::families();
        for (const char* name :
            {"Noto Color Emoji", "Twemoji", "Segoe UI Emoji", "Apple Color Emoji"})
            if (installed.contains(QLatin1String(name)))
                return QString::fromLatin1(name);
        return QString();
    }();
    return emoji.isEmpty() ? QStringList{family} : QStringList{family, emoji};
}

} // namespace

QFont uiFont(int px, int weight)
{
    static const QStringList families = withEmoji(uiFamily());
    QFont font;
    font.setFamilies(families);
    font.setPixelSize(px);
    font.setWeight(QFont::Weight(weight));
    return font;
}

QFont monoFont(qreal px)
{
    static const QStringList families = withEmoji(monoFamily());
    QFont font;
    font.setFamilies(families);
    font.setStyleHint(QFont::Monospace);
    font.setFixedPitch(true);
    font.setPixelSize(qMax(1, qRound(px)));
    return font;
}

} // namespace gorgon
