// SPDX-License-Identifier: GPL-3.0-or-later
// Models and heads: what is here, what there is, what is on its way; how the hub is reached and
// what was sent to it.
#pragma once

#include "ui/models/hub_values.h"
#include "ui/models/model_choice.h"

#include <QDialog>
#include <QMimeData>

class QLabel;
class QStackedWidget;
class QTabBar;

namespace gorgon {

class ConnectionPage;
class DiscoverPage;
class DownloadsPage;
class InstalledPage;
class RequestPage;

class ModelsWindow : public QDialog
{
    Q_OBJECT

public:
    enum Tab
    {
        installed_tab,
        discover_tab,
        downloads_tab,
        connection_tab,
        requests_tab
    };

    explicit ModelsWindow(QWidget* parent = nullptr);

    InstalledPage* installed() const { return m_installed; }
    DiscoverPage* discover() const { return m_discover; }
    DownloadsPage* downloads() const { return m_downloads; }
    ConnectionPage* connection() const { return m_connection; }
    RequestPage* requests() const { return m_requests; }

    void showTab(Tab tab);
    Tab tab() const;
    /// Where nobody chose one yet.
    void suggestTab(Tab tab);
    /// Running ones are counted on the tab.
    void setDownloads(const QVector<DownloadEntry>& entries);
    /// What the hub wants its users to know; each text once.
    void showWarning(const QString& words);

signals:
    void opened(); // came to the screen: its lists may be old
    void retryRequested(qint64 download);

    void dropped(const QMimeData* data); // a folder, a file or an address

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    QWidget* makeWarning();
    void addPage(QWidget* page, const QString& name);
    void doDeed(HubDeed deed, const QString& page);

    InstalledPage* m_installed;
    DiscoverPage* m_discover;
    DownloadsPage* m_downloads;
    ConnectionPage* m_connection;
    RequestPage* m_requests;
    QTabBar* m_tabs;
    QWidget* m_warning;
    QLabel* m_warning_words;
    QStringList m_warned;
    bool m_tab_chosen = false;
    QStackedWidget* m_pages;
};

} // namespace gorgon
