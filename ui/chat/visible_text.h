// SPDX-License-Identifier: GPL-3.0-or-later
// Words and numbers as the window shows them.
#pragma once

#include <QDateTime>
#include <QString>

namespace gorgon {

/// Text whose control and direction-changing characters are replaced by visible marks, one UTF-16
/// unit for one, so that a place in the shown text is the same place in the raw one. Newlines and
/// tabs stay; Arabic, Hebrew, joined emoji and flags are untouched.
QString visibleText(const QString& raw);

/// "1 024": thousands apart by a thin no-break space.
QString groupedNumber(qint64 number);

/// "64 MB", "1.3 GB".
QString memoryWords(qint64 bytes);

/// "now", "10:12", "yesterday", "Mon", "3 Nov", "3 Nov 2024".
QString relativeDate(const QDateTime& when, const QDateTime& now);

/// The first line of a message, cut between words to a length that suits a list.
QString titleFromMessage(const QString& text);

} // namespace gorgon
