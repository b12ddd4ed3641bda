// SPDX-License-Identifier: GPL-3.0-or-later
// Owns the threads that ask the hub, download, and look after the cache, and every connection
// between them and the window of models.
#pragma once

#include "app/window/proxy_source.h"
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
#include <vector>

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
    /// system_proxy: another answer, for tests.
    HubHost(const WindowOptions& options, MainWindow* window,
        const SystemProxy& system_proxy = systemProxy);
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
    /// At once, or when the settings were read and the system was asked for its proxy.
    void whenReady(std::function<void()> deed);
    void askSystem();
    void runEarly();
    void showProxy();
    void rankCatalog();
    void list();
    void listLinked();
    void showInstalled();
    void get(const PairEntry& entry);
    void fetch(const DownloadRequest& request);
    void enterToken(const QString& token);
    void resume(qint64 id);
    void cancel(qint64 id);
    void open(const QString& repository, const QString& folder);
    void openWhenHere();
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
    QVector<InstalledEntry> m_in_cache;
    bool m_cache_listed = false;
    QVector<InstalledEntry> m_linked; // opened where they lie
    QVector<InstalledEntry> m_installed; // both
    QHash<QString, PairEntry> m_got; // by base: what was got together, and how it is opened
    bool m_ranked = false;
    PairEntry m_asked_again; // after a token was entered
    std::vector<std::function<void()>> m_early; // wait for whenReady
    SystemProxy m_ask_system_proxy; // on the disk's thread
    bool m_asking_system = false;
    std::optional<QString> m_system_proxy; // once the system was asked
    std::optional<QDeadlineTimer> m_deadline; // of the end
    bool m_shut_down = false;
};

} // namespace gorgon
