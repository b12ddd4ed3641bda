// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/models_window.h"

#include "ui/models/connection_page.h"
#include "ui/models/discover_page.h"
#include "ui/models/downloads_page.h"
#include "ui/models/installed_page.h"
#include "ui/models/request_page.h"
#include "ui/theme/theme.h"

#include <QAction>
#include <QClipboard>
#include <QDesktopServices>
#include <QDragEnterEvent>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QMimeData>
#include <QShowEvent>
#include <QStackedWidget>
#include <QTabBar>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

namespace gorgon {

namespace {

const QSize kFirstSize(960, 640);
constexpr int kMostWarnings = 20; // a hub that says something else each time is not listened to

/// Addresses come from the hub's replies: nothing but a page of the web is opened.
void openPage(const QString& address)
{
    const QUrl url(address, QUrl::StrictMode);
    if (url.isValid()
        && (url.scheme() == QLatin1String("https") || url.scheme() == QLatin1String("http")))
        QDesktopServices::openUrl(url);
}

} // namespace

ModelsWindow::ModelsWindow(QWidget* parent)
    : QDialog(parent)
    , m_installed(new InstalledPage)
    , m_discover(new DiscoverPage)
    , m_downloads(new DownloadsPage)
    , m_connection(new ConnectionPage)
    , m_requests(new RequestPage)
    , m_tabs(new QTabBar)
    , m_pages(new QStackedWidget)
{
    setWindowTitle(tr("Models"));
    m_tabs->setAccessibleName(tr("Pages of the models"));
    m_tabs->setDrawBase(false);
    m_tabs->setExpanding(false);
    addPage(m_installed, tr("Installed"));
    addPage(m_discover, tr("Discover"));
    addPage(m_downloads, tr("Downloads"));
    addPage(m_connection, tr("Connection"));
    addPage(m_requests, tr("Requests"));
    auto* line = new QFrame;
    setRole(line, "rule");
    auto* head = new QVBoxLayout;
    head->setContentsMargins(Theme::kEdge, 8, Theme::kEdge, 0);
    head->setSpacing(0);
    head->addWidget(m_tabs);
    head->addWidget(line);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(head);
    column->addWidget(makeWarning());
    column->addWidget(m_pages, 1);
    resize(kFirstSize);
    setAcceptDrops(true);
    auto* find = new QAction(tr("Search the hub"), this);
    find->setShortcuts({QKeySequence::Find, QKeySequence(Qt::CTRL | Qt::Key_K)});
    addAction(find);
    connect(find, &QAction::triggered, this, [this] {
        showTab(discover_tab);
        m_discover->focusSearch();
    });
    // Lines of text take what is pasted into them themselves.
    auto* paste = new QAction(tr("Paste an address"), this);
    paste->setShortcuts(QKeySequence::Paste);
    addAction(paste);
    connect(paste, &QAction::triggered, this,
        [this] { emit dropped(QGuiApplication::clipboard()->mimeData()); });
    connect(m_tabs, &QTabBar::currentChanged, m_pages, &QStackedWidget::setCurrentIndex);
    connect(m_tabs, &QTabBar::tabBarClicked, this, [this] { m_tab_chosen = true; });
    connect(m_installed, &InstalledPage::discoverRequested, find, &QAction::trigger);
    connect(m_installed, &InstalledPage::revealRequested, this,
        [](const QString& folder) { QDesktopServices::openUrl(QUrl::fromLocalFile(folder)); });
    connect(m_discover, &DiscoverPage::pageRequested, this, &openPage);
    connect(m_discover, &DiscoverPage::deedRequested, this, &ModelsWindow::doDeed);
    connect(m_downloads, &DownloadsPage::deedRequested, this,
        [this](qint64 id, HubDeed deed, const QString& page) {
            if (deed == HubDeed::retry)
                emit retryRequested(id);
            else
                doDeed(deed, page);
        });
}

QWidget* ModelsWindow::makeWarning()
{
    m_warning = new QWidget;
    m_warning_words = new QLabel;
    m_warning_words->setWordWrap(true);
    m_warning_words->setTextFormat(Qt::PlainText);
    m_warning_words->setAccessibleName(tr("Message of the hub"));
    setRole(m_warning_words, "muted");
    auto* close = new QToolButton;
    close->setText(tr("Seen"));
    close->setObjectName(QStringLiteral("warning_seen"));
    setRole(close, "small");
    auto* row = new QHBoxLayout(m_warning);
    row->setContentsMargins(Theme::kEdge, Theme::kInner, Theme::kEdge, 0);
    row->setSpacing(Theme::kGap);
    row->addWidget(m_warning_words, 1);
    row->addWidget(close, 0, Qt::AlignTop);
    m_warning->hide();
    connect(close, &QToolButton::clicked, m_warning, &QWidget::hide);
    return m_warning;
}

void ModelsWindow::showWarning(const QString& words)
{
    if (words.isEmpty() || m_warned.contains(words) || m_warned.size() >= kMostWarnings)
        return;
    m_warned << words;
    m_warning_words->setText(tr("The hub says: %1").arg(words));
    m_warning->show();
}

void ModelsWindow::addPage(QWidget* page, const QString& name)
{
    const int place = m_pages->addWidget(page);
    m_tabs->setTabToolTip(m_tabs->addTab(name), tr("%1 (Ctrl+%2)").arg(name).arg(place + 1));
    auto* key = new QAction(name, this);
    key->setShortcut(QKeySequence(Qt::CTRL | Qt::Key(Qt::Key_1 + place)));
    addAction(key);
    connect(key, &QAction::triggered, this, [this, place] { showTab(Tab(place)); });
}

void ModelsWindow::suggestTab(Tab tab)
{
    if (!m_tab_chosen)
        m_tabs->setCurrentIndex(tab);
}

void ModelsWindow::showTab(Tab tab)
{
    m_tab_chosen = true;
    m_tabs->setCurrentIndex(tab);
    m_pages->currentWidget()->setFocus();
}

ModelsWindow::Tab ModelsWindow::tab() const
{
    return Tab(m_tabs->currentIndex());
}

void ModelsWindow::setDownloads(const QVector<DownloadEntry>& entries)
{
    m_downloads->setEntries(entries);
    const auto n = std::count_if(
        entries.begin(), entries.end(), [](const auto& entry) { return entry.isRunning(); });
    m_tabs->setTabText(downloads_tab, n > 0 ? tr("Downloads (%1)").arg(n) : tr("Downloads"));
}

void ModelsWindow::doDeed(HubDeed deed, const QString& page)
{
    switch (deed) {
    case HubDeed::none:
    case HubDeed::retry:
        break;
    case HubDeed::add_token:
        showTab(connection_tab);
        m_connection->focusToken();
        break;
    case HubDeed::open_page:
        openPage(page);
        break;
    case HubDeed::free_space:
        showTab(installed_tab);
        break;
    case HubDeed::connection:
        showTab(connection_tab);
        break;
    }
}

void ModelsWindow::dragEnterEvent(QDragEnterEvent* event)
{
    if (event->mimeData()->hasUrls() || event->mimeData()->hasText())
        event->acceptProposedAction();
}

void ModelsWindow::dropEvent(QDropEvent* event)
{
    event->acceptProposedAction();
    emit dropped(event->mimeData());
}

void ModelsWindow::showEvent(QShowEvent* event)
{
    QDialog::showEvent(event);
    m_pages->currentWidget()->setFocus();
    if (!event->spontaneous())
        emit opened();
}

} // namespace gorgon
