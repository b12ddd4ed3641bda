// SPDX-License-Identifier: GPL-3.0-or-later
// The downloads' own thread: the queue lives here and is looked at a few times a second while it
// runs.
#pragma once

#include "core/hub/download_queue.h"
#include "ui/models/hub_values.h"

#include <QObject>
#include <QSet>

#include <memory>

class QTimer;

namespace gorgon {

class DownloadWorker : public QObject
{
    Q_OBJECT

public:
    explicit DownloadWorker();
    ~DownloadWorker() override;

public slots:
    /// Those that run go on with it, all others stay as they are.
    void configure(const std::shared_ptr<const gorgon::HttpContext>& context);
    void add(const gorgon::DownloadRequest& request);
    void pause(qint64 id);
    void resume(qint64 id);
    void cancel(qint64 id);
    void forget(qint64 id);
    void end(); // all stop and can be continued later

signals:
    void listed(const QVector<gorgon::DownloadEntry>& entries);
    void ended(const QString& repository); // one is complete, cancelled or failed
    void failed(const gorgon::HubFailure& failure);

private:
    template <typename Deed> void attempt(Deed&& deed);
    void poll();
    void makeQueue(std::vector<DownloadProgress> former = {});

    std::shared_ptr<const HttpContext> m_context;
    std::unique_ptr<DownloadQueue> m_queue; // made for the first download
    QTimer* m_timer;
    QSet<qint64> m_over; // told already
};

} // namespace gorgon
