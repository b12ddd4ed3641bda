// SPDX-License-Identifier: GPL-3.0-or-later
// The disk's own thread: the cache of the hub, its token and what was chosen about it.
#pragma once

#include "core/hub/download.h"
#include "core/hub/hub_settings.h"
#include "ui/models/hub_values.h"

#include <QObject>

#include <filesystem>
#include <stop_token>

namespace gorgon {

class CacheWorker : public QObject
{
    Q_OBJECT

public:
    explicit CacheWorker(std::filesystem::path preferences_file);

public slots:
    /// Answers with settingsRead.
    void readSettings();
    void keepPreferences(const gorgon::HubPreferences& preferences);
    /// Empty: it is removed. Answers with settingsRead.
    void keepToken(const QString& token);
    void list(const std::filesystem::path& cache); // the unfinished ones, too
    void listUnfinished(const std::filesystem::path& cache);
    void verify(
        const std::filesystem::path& cache, const QString& repository, const std::stop_token& stop);
    void remove(const std::filesystem::path& cache, const QString& repository);
    /// An unfinished download of an earlier run, and what it left.
    void discard(const std::filesystem::path& cache, const gorgon::DownloadRequest& request);

signals:
    void settingsRead(const gorgon::HubPreferences& preferences,
        const gorgon::HubSettings& environment, const QString& problem);
    void listed(const QVector<gorgon::InstalledEntry>& entries);
    void unfinishedListed(const std::vector<gorgon::DownloadRequest>& requests);
    void checked(const QString& repository, const QString& words, bool is_bad);
    void failed(const gorgon::HubFailure& failure);

private:
    template <typename Deed> void attempt(Deed&& deed);

    std::filesystem::path m_file;
};

} // namespace gorgon
