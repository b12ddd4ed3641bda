// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/visible_text.h"

#include <QLocale>

namespace gorgon {

namespace {

constexpr char16_t kMark = 0x25AF; // white vertical rectangle
constexpr int kTitleLength = 48;

bool changesDirection(char16_t c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

// Invisible, and without a use in running text of any script.
bool isHidden(char16_t c)
{
    return c == 0xFEFF || c == 0x00AD || c == 0x180E || (c >= 0x2061 && c <= 0x2064)
        || (c >= 0x206A && c <= 0x206F) || (c >= 0xFFF9 && c <= 0xFFFB);
}

bool isTag(char32_t c)
{
    return c >= 0xE0000 && c <= 0xE007F;
}

} // namespace

QString visibleText(const QString& raw)
{
    QString shown = raw;
    bool in_flag = false; // a black flag and the tags that name a region
    for (qsizetype i = 0; i < shown.size(); ++i) {
        const char16_t c = shown[i].unicode();
        if (QChar::isHighSurrogate(c) && i + 1 < shown.size()
            && QChar::isLowSurrogate(shown[i + 1].unicode()))
        {
            const char32_t wide = QChar::surrogateToUcs4(c, shown[i + 1].unicode());
            if (isTag(wide) && !in_flag)
                shown[i] = shown[i + 1] = QChar(kMark);
            in_flag = wide == 0x1F3F4 || (in_flag && isTag(wide) && wide != 0xE007F);
            ++i;
            continue;
        }
        in_flag = false;
        if (QChar::isSurrogate(c))
            shown[i] = QChar(QChar::ReplacementCharacter);
        else if (c < 0x20 && c != '\n' && c != '\t')
            shown[i] = QChar(char16_t(0x2400 + c)); // control pictures
        else if (c == 0x7F)
            shown[i] = QChar(char16_t(0x2421));
        else if (c == 0x2028 || c == 0x2029)
            shown[i] = QChar(u'\n');
        else if ((c >= 0x80 && c < 0xA0) || changesDirection(c) || isHidden(c))
            shown[i] = QChar(kMark);
    }
    return shown;
}

QString groupedNumber(qint64 number)
{
    QString digits = QString::number(number);
    const qsizetype first = digits.startsWith(u'-') ? 1 : 0;
    for (qsizetype i = digits.size() - 3; i > first; i -= 3)
        digits.insert(i, QChar(char16_t(0x202F)));
    return digits;
}

QString memoryWords(qint64 bytes)
{
    constexpr double kMega = 1024.0 * 1024.0;
    const double mega = double(bytes) / kMega;
    return mega < 1000 ? QStringLiteral("%1 MB").arg(qRound(mega))
                       : QStringLiteral("%1 GB").arg(mega / 1024, 0, 'f', 1);
}

QString relativeDate(const QDateTime& when, const QDateTime& now)
{
    const qint64 seconds = when.secsTo(now);
    const qint64 days = when.date().daysTo(now.date());
    if (seconds < 60)
        return QStringLiteral("now");
    if (days <= 0)
        return when.toString(QStringLiteral("H:mm"));
    if (days == 1)
        return QStringLiteral("yesterday");
    const QLocale english = QLocale::c();
    if (days < 7)
        return english.toString(when.date(), QStringLiteral("dddd"));
    return english.toString(when.date(),
        when.date().year() == now.date().year() ? QStringLiteral("d MMM")
                                                : QStringLiteral("d MMM yyyy"));
}

QString titleFromMessage(const QString& text)
{
    QString line = text.left(4096).trimmed().section(u'\n', 0, 0).simplified();
    if (line.size() > kTitleLength) {
        const qsizetype space = line.lastIndexOf(u' ', kTitleLength);
        qsizetype end = space > kTitleLength / 2 ? space : kTitleLength;
        if (line[end - 1].isHighSurrogate())
            --end;
        line = line.left(end).trimmed() + QChar(char16_t(0x2026));
    }
    while (line.endsWith(u'.') || line.endsWith(u','))
        line.chop(1);
    return line.isEmpty() ? QStringLiteral("New chat") : line;
}

} // namespace gorgon
