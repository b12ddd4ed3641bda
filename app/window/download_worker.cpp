// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/download_worker.h"

#include "app/window/hub_views.h"

#include <QTimer>

#include <stdexcept>
#include <utility>

namespace gorgon {

namespace {

constexpr int kPollMs = 250;

bool isOver(const DownloadEntry& entry)
{
    using State = DownloadEntry::State;
    return entry.state == State::done || entry.state == State::failed
        || entry.state == State::cancelled;
}

} // namespace

DownloadWorker::DownloadWorker()
    : m_timer(new QTimer(this))
{
    m_timer->setInterval(kPollMs);
    connect(m_timer, &QTimer::timeout, this, &DownloadWorker::poll);
}

DownloadWorker::~DownloadWorker() = default;

template <typename Deed> void DownloadWorker::attempt(Deed&& deed)
{
    try {
        deed();
    } catch (const std::exception& error) {
        emit failed(failureView(error));
    }
    poll();
}

void DownloadWorker::configure(const std::shared_ptr<const HttpContext>& context)
{
    const std::shared_ptr<const HttpContext> before = std::exchange(m_context, context);
    if (!m_queue)
        return;
    HubSettings settings = context->settings;
    settings.bytes_per_second = before->settings.bytes_per_second;
    if (settings == before->settings) { // only the limit: no connection need end
        before->bandwidth->limit(context->settings.bytes_per_second);
        m_context = before;
        return;
    }
    attempt([&] {
        m_timer->stop();
        std::vector<DownloadProgress> former = m_queue->list();
        m_queue.reset();
        makeQueue(std::move(former));
    });
}

void DownloadWorker::makeQueue(std::vector<DownloadProgress> former)
{
    DownloadQueue::Options options;
    options.context = m_context;
    options.on_change = [this](const DownloadProgress&) {
        QMetaObject::invokeMethod(this, &DownloadWorker::poll, Qt::QueuedConnection);
    };
    options.former = std::move(former);
    m_queue = std::make_unique<DownloadQueue>(std::move(options));
}

void DownloadWorker::add(const DownloadRequest& request)
{
    attempt([&] {
        if (!m_context)
            throw std::runtime_error("downloads: the settings were not read yet; try again");
        if (!m_queue)
            makeQueue();
        m_queue->add(request);
    });
}

void DownloadWorker::pause(qint64 id)
{
    attempt([&] { m_queue ? m_queue->pause(id) : void(); });
}

void DownloadWorker::resume(qint64 id)
{
    m_over.remove(id);
    attempt([&] { m_queue ? m_queue->resume(id) : void(); });
}

void DownloadWorker::cancel(qint64 id)
{
    attempt([&] { m_queue ? m_queue->cancel(id) : void(); });
}

void DownloadWorker::forget(qint64 id)
{
    attempt([&] { m_queue ? m_queue->forget(id) : void(); });
}

void DownloadWorker::end()
{
    m_timer->stop();
    m_queue.reset();
    m_over.clear();
}

void DownloadWorker::poll()
{
    QVector<DownloadEntry> entries;
    bool running = false;
    if (m_queue) {
        for (const DownloadProgress& each : m_queue->list()) {
            entries.append(downloadView(each));
            running = running || entries.last().isRunning();
        }
    }
    emit listed(entries);
    for (const DownloadEntry& entry : entries) {
        if (isOver(entry) && !m_over.contains(entry.id)) {
            m_over.insert(entry.id);
            emit ended(entry.repository);
        }
    }
    if (running && !m_timer->isActive())
        m_timer->start();
    else if (!running)
        m_timer->stop();
}

} // namespace gorgon
