// SPDX-License-Identifier: GPL-3.0-or-later
// A card for each download, those of earlier runs that were not finished among them.
#pragma once

#include "ui/models/hub_values.h"

#include <QHash>
#include <QWidget>

class QLabel;
class QVBoxLayout;

namespace gorgon {

class DownloadCard;

class DownloadsPage : public QWidget
{
    Q_OBJECT

public:
    explicit DownloadsPage(QWidget* parent = nullptr);

    DownloadCard* card(qint64 id) const { return m_cards.value(id); }
    QVector<DownloadCard*> cards() const { return m_cards.values(); }

public slots:
    void setEntries(const QVector<gorgon::DownloadEntry>& entries);

signals:
    void pauseRequested(qint64 id);
    void resumeRequested(qint64 id);
    void cancelRequested(qint64 id);
    void forgetRequested(qint64 id);
    void openRequested(const QString& repository, const QString& folder);
    void deedRequested(qint64 id, gorgon::HubDeed deed, const QString& page);

private:
    DownloadCard* makeCard();

    QHash<qint64, DownloadCard*> m_cards;
    QLabel* m_empty;
    QVBoxLayout* m_column;
};

} // namespace gorgon
