// SPDX-License-Identifier: GPL-3.0-or-later
// Sizes, times and states of downloads in words.
#pragma once

#include "ui/models/hub_values.h"

namespace gorgon {

/// The last part of a path; the name of a repository as it is.
QString shortName(const QString& name);
QString sizeWords(qint64 bytes); // "4.2 GB"
QString leftWords(double seconds); // "3 min left"
QString stateWords(DownloadEntry::State state);
/// "1.2 GB of 4.2 GB, 12 MB/s, 3 min left".
QString progressWords(const DownloadEntry& entry);
/// Of a button that does it.
QString deedWords(HubDeed deed);
/// "2 downloads, 43 %"; empty where none runs.
QString downloadsWords(const QVector<DownloadEntry>& entries);
/// Of text that may come from anywhere: a tooltip would read HTML in it, and the files that it
/// names.
QString plainTip(const QString& text);
int percentOf(qint64 done, qint64 total);

} // namespace gorgon
