// SPDX-License-Identifier: GPL-3.0-or-later
// What is fetched, and what is opened when it is here.
#include "app/window/cache_worker.h"
#include "app/window/download_worker.h"
#include "app/window/hub_host.h"
#include "app/window/hub_views.h"
#include "ui/main_window.h"
#include "ui/models/downloads_page.h"
#include "ui/models/hub_words.h"
#include "ui/models/models_window.h"
#include "ui/status/status_line.h"

#include <algorithm>

namespace gorgon {

void HubHost::connectDownloads()
{
    DownloadsPage* page = m_models->downloads();
    connect(page, &DownloadsPage::pauseRequested, m_downloader, &DownloadWorker::pause);
    connect(page, &DownloadsPage::resumeRequested, this, &HubHost::resume);
    connect(m_models, &ModelsWindow::retryRequested, this, &HubHost::resume);
    connect(page, &DownloadsPage::cancelRequested, this, &HubHost::cancel);
    connect(page, &DownloadsPage::forgetRequested, m_downloader, &DownloadWorker::forget);
    connect(page, &DownloadsPage::openRequested, this, &HubHost::open);
}

void HubHost::get(const PairEntry& entry)
{
    const std::string revision = entry.revision.isEmpty() ? "main" : entry.revision.toStdString();
    QVector<DownloadRequest> requests;
    if (!entry.base.isEmpty())
        requests.append({entry.base.toStdString(), revision, {}});
    if (!entry.heads.isEmpty() && entry.heads != entry.base)
        requests.append({entry.heads.toStdString(), entry.base.isEmpty() ? revision : "main", {}});
    if (!entry.base.isEmpty())
        m_got[entry.base] = entry;
    for (const DownloadRequest& request : requests)
        fetch(request);
    m_models->showTab(ModelsWindow::downloads_tab);
}

void HubHost::resume(qint64 id)
{
    if (id > 0) {
        QMetaObject::invokeMethod(
            m_downloader, [worker = m_downloader, id] { worker->resume(id); });
        return;
    }
    const size_t place = size_t(-id - 1);
    if (place < m_unfinished.size())
        fetch(m_unfinished[place]);
}

void HubHost::fetch(const DownloadRequest& request)
{
    whenReady([this, request] {
        QMetaObject::invokeMethod(
            m_downloader, [worker = m_downloader, request] { worker->add(request); });
    });
}

void HubHost::cancel(qint64 id)
{
    if (id > 0) {
        QMetaObject::invokeMethod(
            m_downloader, [worker = m_downloader, id] { worker->cancel(id); });
        return;
    }
    const size_t place = size_t(-id - 1);
    if (place < m_unfinished.size())
        QMetaObject::invokeMethod(m_disk,
            [disk = m_disk, cache = m_context->settings.cache, request = m_unfinished[place]] {
                disk->discard(cache, request);
            });
}

void HubHost::open(const QString& repository, const QString& folder)
{
    const PairEntry got = m_got.value(repository);
    const auto found = std::find_if(m_installed.begin(), m_installed.end(),
        [&](const InstalledEntry& entry) { return entry.repository == got.heads; });
    const bool has_heads = !got.heads.isEmpty() && got.heads != got.base;
    if (got.base.isEmpty())
        emit m_window->pathDropped(folder); // model or heads: opened for what it is
    else
        emit m_window->modelChosen(
            {folder, has_heads && found != m_installed.end() ? found->folder : QString(),
                got.weights, got.context});
}

/// What was got to be opened, once all of it is in the list.
void HubHost::openWhenHere()
{
    const auto folderOf = [this](const QString& repository) {
        const auto found = std::find_if(m_in_cache.begin(), m_in_cache.end(),
            [&](const InstalledEntry& entry) { return entry.repository == repository; });
        const bool is_done = std::any_of(
            m_running.begin(), m_running.end(), [&](const DownloadEntry& entry) {
                return entry.repository == repository && entry.state == DownloadEntry::State::done;
            });
        const bool is_usable = found != m_in_cache.end() && (found->is_model || found->is_heads);
        return is_done && is_usable ? found->folder : QString();
    };
    for (PairEntry& got : m_got) {
        const QString folder = folderOf(got.base);
        if (!got.open_when_here || folder.isEmpty()
            || (!got.heads.isEmpty() && folderOf(got.heads).isEmpty()))
            continue;
        got.open_when_here = false;
        if (m_window->isBusy()) // an answer is not stopped for it
            m_window->showNotice(tr("%1 is here; open it under Models, Downloads.").arg(got.title));
        else
            open(got.base, folder);
        return;
    }
}

void HubHost::showDownloads()
{
    QVector<DownloadEntry> all = m_running;
    for (size_t i = 0; i < m_unfinished.size(); ++i) {
        const DownloadEntry entry = unfinishedView(m_unfinished[i], -qint64(i) - 1);
        const bool in_queue
            = std::any_of(m_running.begin(), m_running.end(), [&](const DownloadEntry& each) {
                  return each.repository == entry.repository && each.revision == entry.revision;
              });
        if (!in_queue)
            all.append(entry);
    }
    m_models->setDownloads(all);
    m_window->statusLine()->setDownloads(downloadsWords(all));
}

} // namespace gorgon
