// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/hub_host.h"

#include "app/window/cache_worker.h"
#include "app/window/download_worker.h"
#include "app/window/hub_asker.h"
#include "app/window/hub_preferences.h"
#include "app/window/hub_views.h"
#include "app/window/installed_facts.h"
#include "app/window/pair_words.h"
#include "ui/main_window.h"
#include "ui/models/connection_page.h"
#include "ui/models/discover_page.h"
#include "ui/models/downloads_page.h"
#include "ui/models/hub_words.h"
#include "ui/models/installed_page.h"
#include "ui/models/models_window.h"
#include "ui/models/request_page.h"
#include "ui/status/status_line.h"

#include <QDateTime>

#include <algorithm>
#include <cstdlib>

namespace gorgon {

namespace {

constexpr int kEndMs = 2000; // all threads together, and the engine's, from when they are told

} // namespace

HubHost::HubHost(const WindowOptions& options, MainWindow* window, const SystemProxy& system_proxy)
    : m_window(window)
    , m_models(window->models())
    , m_asker(new HubAsker)
    , m_downloader(new DownloadWorker)
    , m_disk(new CacheWorker(options.data_folder / "hub.json"))
    , m_checker(new CacheWorker(options.data_folder / "hub.json"))
    , m_ask_system_proxy(system_proxy)
{
    const std::pair<QThread*, QObject*> threads[] = {{&m_ask_thread, m_asker},
        {&m_download_thread, m_downloader}, {&m_disk_thread, m_disk}, {&m_check_thread, m_checker}};
    for (const auto& [thread, worker] : threads) {
        worker->moveToThread(thread);
        connect(thread, &QThread::finished, worker, &QObject::deleteLater);
    }
    m_ask_thread.setObjectName(QStringLiteral("hub"));
    m_download_thread.setObjectName(QStringLiteral("downloads"));
    m_disk_thread.setObjectName(QStringLiteral("cache"));
    m_check_thread.setObjectName(QStringLiteral("verify"));
    connectWorkers();
    connectDiscover();
    connectDownloads();
    connectOthers();
    m_models->discover()->setCatalog(catalogEntries(modelCatalog()));
}

HubHost::~HubHost()
{
    shutDown();
}

void HubHost::start()
{
    for (QThread* thread : {&m_ask_thread, &m_download_thread, &m_disk_thread, &m_check_thread})
        thread->start();
    QMetaObject::invokeMethod(m_disk, &CacheWorker::readSettings, Qt::QueuedConnection);
}

void HubHost::beginEnd()
{
    if (m_deadline)
        return;
    m_deadline.emplace(kEndMs);
    m_early.clear();
    m_stop_asking.request_stop();
    m_stop_checking.request_stop();
    if (m_download_thread.isRunning())
        QMetaObject::invokeMethod(m_downloader, &DownloadWorker::end, Qt::QueuedConnection);
    // Behind what was asked of them: preferences and a token are written before a thread ends.
    for (QObject* worker :
        std::initializer_list<QObject*>{m_asker, m_downloader, m_disk, m_checker})
        QMetaObject::invokeMethod(worker, [thread = worker->thread()] { thread->quit(); });
}

void HubHost::shutDown()
{
    if (m_shut_down)
        return;
    m_shut_down = true;
    beginEnd();
    bool ended = true;
    for (QThread* thread : {&m_ask_thread, &m_download_thread, &m_disk_thread, &m_check_thread})
        ended = (!thread->isRunning() || thread->wait(*m_deadline)) && ended;
    // A disk or a device that hangs must not keep the program alive; what was fetched is on it.
    if (!ended)
        std::_Exit(EXIT_SUCCESS);
}

template <typename Deed> void HubHost::ask(const Deed& deed)
{
    whenReady([this, deed] {
        m_stop_asking.request_stop();
        m_stop_asking = {};
        QMetaObject::invokeMethod(m_asker,
            [asker = m_asker, deed, stop = m_stop_asking.get_token()] { deed(*asker, stop); });
    });
}

void HubHost::whenReady(std::function<void()> deed)
{
    m_early.push_back(std::move(deed));
    runEarly();
}

void HubHost::runEarly()
{
    if (!m_context || m_deadline)
        return;
    if (!m_early.empty() && !m_system_proxy
        && wantsSystemProxy(m_preferences, toText(m_context->settings.endpoint)))
    {
        askSystem();
        return;
    }
    const std::vector<std::function<void()>> early = std::exchange(m_early, {});
    for (const std::function<void()>& deed : early)
        deed();
}

// note: not before a person asked for something that needs the network.
void HubHost::askSystem()
{
    if (std::exchange(m_asking_system, true))
        return;
    QMetaObject::invokeMethod(
        m_disk, [this, ask = m_ask_system_proxy, endpoint = toText(m_context->settings.endpoint)] {
            const QString proxy = ask(endpoint);
            QMetaObject::invokeMethod(
                this,
                [this, proxy] {
                    m_asking_system = false;
                    m_system_proxy = proxy;
                    renewContext();
                    runEarly();
                },
                Qt::QueuedConnection);
        });
}

void HubHost::showProxy()
{
    m_models->connection()->setProxyPlace(proxyWords(m_preferences,
        toText(m_context ? m_context->settings.endpoint : m_environment.endpoint), m_system_proxy));
}

void HubHost::useSettings(
    const HubPreferences& preferences, const HubSettings& environment, const QString& problem)
{
    m_preferences = preferences;
    m_environment = environment;
    m_models->connection()->setPreferences(preferences);
    const bool from_environment = qEnvironmentVariableIsSet("HF_TOKEN");
    m_models->connection()->setTokenPlace(!environment.token.empty(),
        from_environment ? tr("the variable HF_TOKEN") : toText(environment.token_file));
    if (!problem.isEmpty())
        m_models->connection()->showTest(problem, false);
    renewContext();
    if (m_models->isVisible())
        list();
    else // what is installed is read when it is looked at
        QMetaObject::invokeMethod(m_disk,
            [disk = m_disk, cache = m_context->settings.cache] { disk->listUnfinished(cache); });
    emit ready();
    runEarly();
    if (!m_asked_again.names().isEmpty())
        ask([entry = std::exchange(m_asked_again, {})](
                HubAsker& asker, const std::stop_token& stop) { asker.check(entry, stop); });
}

void HubHost::renewContext()
{
    auto context = std::make_shared<HttpContext>();
    try {
        context->settings
            = chosenSettings(m_environment, m_preferences, m_system_proxy.value_or(QString()));
    } catch (const std::exception& error) {
        m_models->connection()->showTest(failureView(error).sentence, false);
        if (m_context) // what was chosen before stays, its proxy above all
            return;
        HubPreferences others = m_preferences;
        others.endpoint.clear();
        context->settings
            = chosenSettings(m_environment, others, m_system_proxy.value_or(QString()));
    }
    if (m_context && m_context->settings.endpoint != context->settings.endpoint)
        m_system_proxy.reset(); // it may name another one for it
    if (m_context && m_context->settings == context->settings) {
        showProxy();
        return;
    }
    context->settings.user_agent = "gorgon";
    context->bandwidth->limit(context->settings.bytes_per_second);
    context->on_request = [this](const HttpLogEntry& entry) {
        // From any thread; all of them end before this object does.
        const RequestEntry row = requestView(entry, QDateTime::currentMSecsSinceEpoch());
        QMetaObject::invokeMethod(
            this, [this, row] { m_models->requests()->add(row); }, Qt::QueuedConnection);
    };
    context->on_warning = [this](const std::string& warning) {
        QMetaObject::invokeMethod(
            this, [this, words = toText(warning)] { m_models->showWarning(words); },
            Qt::QueuedConnection);
    };
    m_context = context;
    showProxy();
    QMetaObject::invokeMethod(m_asker, [asker = m_asker, context] { asker->configure(context); });
    QMetaObject::invokeMethod(
        m_downloader, [worker = m_downloader, context] { worker->configure(context); });
}

void HubHost::connectWorkers()
{
    connect(m_disk, &CacheWorker::settingsRead, this, &HubHost::useSettings);
    connect(m_disk, &CacheWorker::failed, m_models->installed(), &InstalledPage::showFailure);
    connect(m_disk, &CacheWorker::listed, this, [this](const QVector<InstalledEntry>& entries) {
        m_in_cache = entries;
        m_cache_listed = true;
        showInstalled();
    });
    connect(m_disk, &CacheWorker::unfinishedListed, this,
        [this](const std::vector<DownloadRequest>& requests) {
            m_unfinished = requests;
            showDownloads();
        });
    connect(m_checker, &CacheWorker::checked, m_models->installed(), &InstalledPage::showCheck);
    connect(
        m_downloader, &DownloadWorker::listed, this, [this](const QVector<DownloadEntry>& entries) {
            m_running = entries;
            showDownloads();
        });
    connect(m_downloader, &DownloadWorker::ended, this, &HubHost::list);
    connect(
        m_downloader, &DownloadWorker::failed, m_models->discover(), &DiscoverPage::showFailure);
    connect(m_asker, &HubAsker::found, m_models->discover(), &DiscoverPage::showFound);
    connect(
        m_asker, &HubAsker::searchFailed, m_models->discover(), &DiscoverPage::showSearchFailure);
    connect(m_asker, &HubAsker::entryKnown, m_models->discover(), &DiscoverPage::updateEntry);
    connect(m_asker, &HubAsker::catalogRanked, m_models->discover(), &DiscoverPage::setCatalog);
    connect(m_asker, &HubAsker::tested, m_models->connection(), &ConnectionPage::showTest);
}

/// Opens the devices of this computer, which takes a moment: when it is looked at.
void HubHost::rankCatalog()
{
    if (std::exchange(m_ranked, true))
        return;
    QMetaObject::invokeMethod(m_asker,
        [asker = m_asker, entries = catalogEntries(modelCatalog())] { asker->rank(entries); });
}

void HubHost::connectDiscover()
{
    DiscoverPage* page = m_models->discover();
    connect(page, &DiscoverPage::searchRequested, this, [this](const QString& text) {
        ask([text](HubAsker& asker, const std::stop_token& stop) { asker.search(text, stop); });
    });
    connect(page, &DiscoverPage::moreRequested, this,
        [this] { ask([](HubAsker& asker, const std::stop_token& stop) { asker.more(stop); }); });
    connect(page, &DiscoverPage::checkRequested, this, [this](const PairEntry& entry) {
        ask([entry](HubAsker& asker, const std::stop_token& stop) { asker.check(entry, stop); });
    });
    connect(page, &DiscoverPage::stopRequested, this, [this] {
        m_stop_asking.request_stop();
        if (!m_early.empty()) // it was not asked yet
            m_early.push_back([this] { m_stop_asking.request_stop(); });
    });
    connect(page, &DiscoverPage::getRequested, this, &HubHost::get);
    connect(page, &DiscoverPage::tokenEntered, this,
        [this](const QString& token, const PairEntry& entry) {
            m_asked_again = entry;
            if (token.isEmpty()) // the licence was accepted, the token stays
                useSettings(m_preferences, m_environment, {});
            else
                enterToken(token);
        });
}

void HubHost::connectOthers()
{
    InstalledPage* installed = m_models->installed();
    connect(m_models, &ModelsWindow::opened, this, &HubHost::list);
    connect(m_models, &ModelsWindow::opened, this, &HubHost::rankCatalog);
    connect(installed, &InstalledPage::verifyRequested, this, [this](const QString& repository) {
        m_stop_checking = {};
        QMetaObject::invokeMethod(m_checker,
            [checker = m_checker, cache = m_context->settings.cache, repository,
                stop = m_stop_checking.get_token()] { checker->verify(cache, repository, stop); });
    });
    connect(installed, &InstalledPage::stopVerifyRequested, this,
        [this] { m_stop_checking.request_stop(); });
    connect(installed, &InstalledPage::removeRequested, this, [this](const QString& repository) {
        QMetaObject::invokeMethod(
            m_disk, [disk = m_disk, cache = m_context->settings.cache, repository] {
                disk->remove(cache, repository);
            });
    });
    ConnectionPage* connection = m_models->connection();
    connect(connection, &ConnectionPage::preferencesChanged, this,
        [this](const HubPreferences& preferences) {
            m_preferences = preferences;
            QMetaObject::invokeMethod(
                m_disk, [disk = m_disk, preferences] { disk->keepPreferences(preferences); });
            renewContext();
        });
    connect(connection, &ConnectionPage::tokenEntered, this, &HubHost::enterToken);
    connect(connection, &ConnectionPage::testRequested, this,
        [this] { ask([](HubAsker& asker, const std::stop_token& stop) { asker.test(stop); }); });
    connect(m_window, &MainWindow::installedWanted, this, &HubHost::list);
    connect(m_window, &MainWindow::usedModelsChanged, this, [this] {
        if (m_context && m_models->isVisible())
            listLinked();
    });
    connect(m_window, &MainWindow::ending, this, &HubHost::beginEnd);
    connect(m_window, &MainWindow::closing, this, &HubHost::shutDown);
}

void HubHost::enterToken(const QString& token)
{
    QMetaObject::invokeMethod(m_disk, [disk = m_disk, token] { disk->keepToken(token); });
}

} // namespace gorgon
