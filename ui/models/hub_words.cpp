// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/hub_words.h"

#include <QDir>
#include <QLocale>
#include <QObject>

#include <algorithm>

namespace gorgon {

QString PairEntry::names() const
{
    if (heads.isEmpty() || heads == base)
        return base;
    return base.isEmpty() ? heads : QStringLiteral("%1 + %2").arg(base, heads);
}

QVector<HeadsOffer> headsThatFit(const QVector<InstalledEntry>& entries, qint64 width, qint64 vocab)
{
    QVector<HeadsOffer> offered;
    for (const InstalledEntry& entry : entries) {
        const bool alone = entry.is_heads && !entry.is_model;
        if (alone && width > 0 && entry.width == width
            && (entry.vocab == 0 || entry.vocab == vocab))
            offered.append({entry.repository, entry.folder});
    }
    return offered;
}

QString shortName(const QString& name)
{
    return QDir::isAbsolutePath(name) ? QDir(name).dirName() : name;
}

QString sizeWords(qint64 bytes)
{
    return QLocale().formattedDataSize(
        std::max<qint64>(bytes, 0), bytes < 1'000'000 ? 0 : 1, QLocale::DataSizeSIFormat);
}

QString leftWords(double seconds)
{
    if (seconds < 0)
        return {};
    if (seconds < 60)
        return QObject::tr("%1 s left").arg(std::max(1, int(seconds)));
    if (seconds < 3600)
        return QObject::tr("%1 min left").arg(int(seconds / 60 + 0.5));
    return QObject::tr("%1 h left").arg(QLocale().toString(seconds / 3600, 'f', 1));
}

QString stateWords(DownloadEntry::State state)
{
    using State = DownloadEntry::State;
    switch (state) {
    case State::unfinished:
        return QObject::tr("Not finished");
    case State::queued:
        return QObject::tr("Queued");
    case State::preparing:
        return QObject::tr("Asking the hub");
    case State::checking:
        return QObject::tr("Checking what is here");
    case State::downloading:
        return QObject::tr("Downloading");
    case State::waiting:
        return QObject::tr("Waiting");
    case State::paused:
        return QObject::tr("Paused");
    case State::done:
        return QObject::tr("Complete and verified");
    case State::failed:
        return QObject::tr("Failed");
    case State::cancelled:
        return QObject::tr("Cancelled");
    }
    return {};
}

QString progressWords(const DownloadEntry& entry)
{
    if (entry.total_bytes <= 0)
        return {};
    if (entry.state == DownloadEntry::State::done)
        return sizeWords(entry.total_bytes);
    QStringList parts{
        QObject::tr("%1 of %2").arg(sizeWords(entry.done_bytes), sizeWords(entry.total_bytes))};
    if (entry.isRunning() && entry.state != DownloadEntry::State::queued) {
        parts << QObject::tr("%1/s").arg(sizeWords(qint64(entry.bytes_per_second)));
        if (entry.left_s >= 0)
            parts << leftWords(entry.left_s);
    }
    return parts.join(QStringLiteral(" · "));
}

QString deedWords(HubDeed deed)
{
    switch (deed) {
    case HubDeed::none:
        return {};
    case HubDeed::retry:
        return QObject::tr("Try again");
    case HubDeed::add_token:
        return QObject::tr("Log in…");
    case HubDeed::open_page:
        return QObject::tr("Open the licence page");
    case HubDeed::free_space:
        return QObject::tr("Free space…");
    case HubDeed::connection:
        return QObject::tr("Connection settings…");
    }
    return {};
}

QString plainTip(const QString& text)
{
    return text.isEmpty()
        ? text
        : QStringLiteral("<qt style=\"white-space: pre-wrap\">%1</qt>").arg(text.toHtmlEscaped());
}

int percentOf(qint64 done, qint64 total)
{
    return total > 0 ? int(std::clamp<double>(double(done) * 100 / double(total), 0, 100)) : 0;
}

QString downloadsWords(const QVector<DownloadEntry>& entries)
{
    int n = 0;
    qint64 done = 0;
    qint64 total = 0;
    for (const DownloadEntry& entry : entries) {
        if (!entry.isRunning())
            continue;
        ++n;
        done += entry.done_bytes;
        total += entry.total_bytes;
    }
    if (n == 0)
        return {};
    return n == 1 ? QObject::tr("1 download, %1 %").arg(percentOf(done, total))
                  : QObject::tr("%1 downloads, %2 %").arg(n).arg(percentOf(done, total));
}

} // namespace gorgon
