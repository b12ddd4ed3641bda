// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/cache_worker.h"

#include "app/window/hub_preferences.h"
#include "app/window/hub_views.h"
#include "app/window/installed_facts.h"
#include "core/hub/download_wishes.h"
#include "core/hub/hub_cache.h"

#include <QDir>
#include <QFile>
#include <QSaveFile>

#include <algorithm>

namespace gorgon {

namespace {

constexpr int kMostPreferenceBytes = 1 << 16;
constexpr QFileDevice::Permissions kOwnerAlone = QFileDevice::ReadOwner | QFileDevice::WriteOwner;

QString soundWords(size_t n_files)
{
    return n_files == 1 ? QObject::tr("1 file is sound")
                        : QObject::tr("%1 files are sound").arg(n_files);
}

} // namespace

CacheWorker::CacheWorker(std::filesystem::path preferences_file)
    : m_file(std::move(preferences_file))
{
}

template <typename Deed> void CacheWorker::attempt(Deed&& deed)
{
    try {
        deed();
    } catch (const std::exception& error) {
        emit failed(failureView(error));
    }
}

void CacheWorker::readSettings()
{
    HubPreferences preferences;
    if (QFile file(toText(m_file)); file.open(QIODevice::ReadOnly)) {
        preferences = readPreferences(file.read(kMostPreferenceBytes));
        file.setPermissions(kOwnerAlone); // a proxy's password may stand in it
    }
    HubSettings settings;
    QString problem;
    try {
        settings = readHubSettings();
        problem = toText(settings.token_problem);
    } catch (const std::exception& error) {
        problem = failureView(error).sentence;
        // Without the variable that is wrong there still is a cache to look at.
        const Environment process = processEnvironment();
        settings = readHubSettings([&](const char* name) {
            return std::string_view(name) == "HF_ENDPOINT" ? std::nullopt : process(name);
        });
    }
    emit settingsRead(preferences, settings, problem);
}

void CacheWorker::keepPreferences(const HubPreferences& preferences)
{
    QDir().mkpath(toText(m_file.parent_path()));
    QSaveFile file(toText(m_file));
    const QByteArray text = preferencesText(preferences).toUtf8();
    if (!file.open(QIODevice::WriteOnly) || !file.setPermissions(kOwnerAlone)
        || file.write(text) != text.size() || !file.commit())
        emit failed({tr("%1: cannot be written: %2.").arg(toText(m_file), file.errorString()),
            HubDeed::none, {}, {}});
}

void CacheWorker::keepToken(const QString& token)
{
    attempt([&] {
        const std::filesystem::path file = readHubSettings().token_file;
        if (token.isEmpty())
            removeToken(file);
        else
            saveToken(file, token.toStdString());
    });
    readSettings();
}

void CacheWorker::list(const std::filesystem::path& cache)
{
    attempt([&] {
        const HubCache hub(cache);
        QVector<InstalledEntry> entries;
        for (const InstalledModel& model : hub.list()) {
            InstalledEntry entry = installedView(model);
            readInstalled(entry);
            entries.append(entry);
        }
        for (InstalledEntry& entry : entries) {
            if (entry.is_model)
                entry.heads = headsThatFit(entries, entry.width, entry.vocab);
        }
        std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
            return a.is_model != b.is_model ? a.is_model : a.repository < b.repository;
        });
        emit listed(entries);
    });
    listUnfinished(cache);
}

void CacheWorker::listUnfinished(const std::filesystem::path& cache)
{
    attempt([&] { emit unfinishedListed(findWishes(HubCache(cache))); });
}

void CacheWorker::verify(
    const std::filesystem::path& cache, const QString& repository, const std::stop_token& stop)
{
    int shown = -1;
    const auto show = [&](const VerifyProgress& progress) {
        const int percent = progress.total_bytes
            ? int(double(progress.done_bytes) * 100 / double(progress.total_bytes))
            : 0;
        if (percent != shown)
            emit checked(repository, tr("Verifying %1 %").arg(shown = percent), false);
    };
    try {
        show({});
        const std::vector<VerifiedFile> files
            = HubCache(cache).verify(repository.toStdString(), show, stop);
        if (stop.stop_requested()) {
            emit checked(repository, tr("Stopped"), false);
            return;
        }
        QStringList bad;
        for (const VerifiedFile& file : files) {
            if (!file.problem.empty())
                bad << QStringLiteral("%1: %2").arg(toText(file.path), toText(file.problem));
        }
        emit checked(repository,
            bad.isEmpty() ? soundWords(files.size())
                          : tr("%1. Get the model again under Discover: what is sound is kept.")
                                .arg(bad.join(QStringLiteral("; "))),
            !bad.isEmpty());
    } catch (const std::exception& error) {
        emit checked(repository,
            stop.stop_requested() ? tr("Stopped") : failureView(error).sentence,
            !stop.stop_requested());
    }
}

void CacheWorker::remove(const std::filesystem::path& cache, const QString& repository)
{
    attempt([&] { HubCache(cache).remove(repository.toStdString()); });
    list(cache);
}

void CacheWorker::discard(const std::filesystem::path& cache, const DownloadRequest& request)
{
    attempt([&] { discardWish(HubCache(cache), request); });
    list(cache);
}

} // namespace gorgon
