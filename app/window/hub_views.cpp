// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/hub_views.h"

#include <algorithm>

namespace gorgon {

namespace {

HubDeed deedOf(HubAction action)
{
    switch (action) {
    case HubAction::none:
    case HubAction::changeCacheFolder:
        return HubDeed::none;
    case HubAction::retry:
    case HubAction::wait:
    case HubAction::checkName:
    case HubAction::chooseRevision:
        return HubDeed::retry;
    case HubAction::openLicencePage:
        return HubDeed::open_page;
    case HubAction::addToken:
        return HubDeed::add_token;
    case HubAction::checkNetwork:
    case HubAction::goOnline:
    case HubAction::changeMirror:
        return HubDeed::connection;
    case HubAction::freeSpace:
        return HubDeed::free_space;
    }
    return HubDeed::none;
}

DownloadEntry::State stateView(DownloadState state)
{
    using State = DownloadEntry::State;
    switch (state) {
    case DownloadState::queued:
        return State::queued;
    case DownloadState::preparing:
        return State::preparing;
    case DownloadState::checking:
        return State::checking;
    case DownloadState::downloading:
        return State::downloading;
    case DownloadState::waiting:
        return State::waiting;
    case DownloadState::paused:
        return State::paused;
    case DownloadState::done:
        return State::done;
    case DownloadState::failed:
        return State::failed;
    case DownloadState::cancelled:
        return State::cancelled;
    }
    return State::queued;
}

} // namespace

QString toText(const std::string& text)
{
    return QString::fromStdString(text);
}

QString toText(const std::filesystem::path& path)
{
    return QString::fromStdU16String(path.u16string());
}

HubFailure failureView(const HubErrorInfo& error)
{
    QString sentence = toText(error.message);
    if (!sentence.endsWith(QLatin1Char('.')))
        sentence += QLatin1Char('.');
    return {sentence, deedOf(error.action), toText(error.page), toText(error.details())};
}

HubFailure failureView(const std::exception& error)
{
    if (const auto* hub = dynamic_cast<const HubError*>(&error))
        return failureView(hub->info());
    return {QString::fromUtf8(error.what()), HubDeed::retry, {}, QString::fromUtf8(error.what())};
}

DownloadEntry downloadView(const DownloadProgress& progress)
{
    DownloadEntry entry;
    entry.id = progress.id;
    entry.repository = toText(progress.request.repository);
    entry.revision = toText(progress.request.revision);
    entry.state = stateView(progress.state);
    for (const FileProgress& file : progress.files)
        entry.files.append({toText(file.path), qint64(file.bytes), qint64(file.done_bytes),
            stateView(file.state)});
    entry.total_bytes = qint64(progress.total_bytes);
    entry.done_bytes = qint64(progress.done_bytes);
    entry.bytes_per_second = progress.bytes_per_second;
    entry.left_s = progress.left_s.value_or(-1);
    entry.n_retries = progress.n_retries;
    entry.slow = toText(progress.message);
    if (progress.error)
        entry.failure = failureView(*progress.error);
    entry.folder = toText(progress.folder);
    return entry;
}

DownloadEntry unfinishedView(const DownloadRequest& request, qint64 id)
{
    DownloadEntry entry;
    entry.id = id;
    entry.repository = toText(request.repository);
    entry.revision = toText(request.revision);
    entry.state = DownloadEntry::State::unfinished;
    return entry;
}

RequestEntry requestView(const HttpLogEntry& entry, qint64 now_ms)
{
    return {now_ms - qint64(entry.seconds * 1000), toText(entry.method), toText(entry.url),
        toText(entry.range), entry.status, qint64(entry.n_bytes), entry.seconds,
        toText(entry.error)};
}

const InstalledSnapshot* snapshotInUse(const InstalledModel& model)
{
    const auto is_main = [](const InstalledSnapshot& snapshot) {
        return std::find(snapshot.revisions.begin(), snapshot.revisions.end(), "main")
            != snapshot.revisions.end();
    };
    const auto found = std::find_if(model.snapshots.begin(), model.snapshots.end(), is_main);
    if (found != model.snapshots.end())
        return &*found;
    return model.snapshots.empty() ? nullptr : &model.snapshots.back();
}

InstalledEntry installedView(const InstalledModel& model)
{
    InstalledEntry entry;
    entry.repository = toText(model.repository);
    if (const InstalledSnapshot* snapshot = snapshotInUse(model))
        entry.folder = toText(snapshot->folder);
    entry.bytes = qint64(model.bytes);
    for (const InstalledSnapshot& snapshot : model.snapshots)
        entry.listed_bytes += qint64(snapshot.bytes);
    entry.freed_bytes = qint64(model.freed_bytes);
    entry.partial_bytes = qint64(model.partial_bytes);
    entry.used_s = model.used_s;
    entry.problem = toText(model.problem);
    return entry;
}

} // namespace gorgon
