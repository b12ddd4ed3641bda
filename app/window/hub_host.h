// SPDX-License-Identifier: GPL-3.0-or-later
// Owns the threads that ask the hub, download, and look after the cache, and every connection
// between them and the window of models.
#pragma once

#include "app/window/window_options.h"
#include "core/hub/download.h"
#include "core/hub/http.h"
#include "ui/models/hub_values.h"

#include <QDeadlineTimer>
#include <QHash>
#include <QObject>
#include <QThread>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

namespace gorgon {

class CacheWorker;
class DownloadWorker;
class HubAsker;
class MainWindow;
class ModelsWindow;

class HubHost : public QObject
{
    Q_OBJECT

public:
    HubHost(const WindowOptions& options, MainWindow* window);
    ~HubHost() override;

    /// Reads settings and cache elsewhere; sends nothing.
    void start();
    /// Tells every thread to end and waits for none.
    void beginEnd();
    /// Within two seconds of beginEnd. Downloads stop and can be continued by the next run.
    void shutDown();

signals:
    void ready(); // settings are known

private:
    void connectWorkers();
    void connectDiscover();
    void connectDownloads();
    void connectOthers();
    void useSettings(
        const HubPreferences& preferences, const HubSettings& environment, const QString& problem);
    void renewContext();
    void list();
    void get(const PairEntry& entry);
    void enterToken(const QString& token);
    void resume(qint64 id);
    void cancel(qint64 id);
    void open(const QString& repository, const QString& folder);
    void showDownloads();
    template <typename Deed> void ask(const Deed& deed); // the asker; what it did before ends

    MainWindow* m_window;
    ModelsWindow* m_models;
    QThread m_ask_thread;
    QThread m_download_thread;
    QThread m_disk_thread;
    QThread m_check_thread; // reads whole files
    HubAsker* m_asker;
    DownloadWorker* m_downloader;
    CacheWorker* m_disk;
    CacheWorker* m_checker;
    HubPreferences m_preferences;
    HubSettings m_environment;
    std::shared_ptr<const HttpContext> m_context;
    std::stop_source m_stop_asking;
    std::stop_source m_stop_checking;
    QVector<DownloadEntry> m_running; // of the queue
    std::vector<DownloadRequest> m_unfinished; // of earlier runs, not in the queue
    QVector<InstalledEntry> m_installed;
    QHash<QString, QString> m_heads_of; // base to heads, as they were got together
    PairEntry m_asked_again; // after a token was entered
    std::function<void()> m_asked_early; // before the settings were known
    std::optional<QDeadlineTimer> m_deadline; // of the end
    bool m_shut_down = false;
};

} // namespace gorgon
