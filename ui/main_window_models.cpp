// SPDX-License-Identifier: GPL-3.0-or-later
// Opening models: the dialog, and folders dropped on the window.
#include "ui/chat/chat_header.h"
#include "ui/chat/chat_panel.h"
#include "ui/main_window.h"
#include "ui/models/discover_page.h"
#include "ui/models/installed_page.h"
#include "ui/models/model_dialog.h"
#include "ui/models/models_window.h"

#include <QDragEnterEvent>
#include <QMimeData>
#include <QUrl>

namespace gorgon {

namespace {

/// The one file or folder that is dragged; empty where it is something else.
QString draggedPath(const QMimeData* data)
{
    const QList<QUrl> urls = data->urls();
    return urls.size() == 1 && urls.front().isLocalFile() ? urls.front().toLocalFile() : QString();
}

/// The one page of the web that is dragged: a model of the hub, perhaps.
QString draggedAddress(const QMimeData* data)
{
    const QList<QUrl> urls = data->urls();
    const bool is_page = urls.size() == 1
        && (urls.front().scheme() == QLatin1String("https")
            || urls.front().scheme() == QLatin1String("http"));
    return is_page ? urls.front().toString() : QString();
}

} // namespace

void MainWindow::setModelChoices(
    const ModelChoice& current, const QVector<ModelChoice>& used, const QStringList& weights)
{
    m_choice = current;
    m_used = used;
    m_weight_formats = weights;
    m_models->installed()->setWeights(weights);
    offerHeads();
}

void MainWindow::setInstalled(const QVector<InstalledEntry>& entries)
{
    m_installed = entries;
    m_models->installed()->setEntries(entries);
    offerHeads();
}

void MainWindow::offerHeads()
{
    m_models->installed()->setInUse(m_model.isLoaded() ? m_choice : ModelChoice());
    m_chat->header()->setHeads(
        headsThatFit(m_installed, m_model.width, m_model.vocab), m_choice.heads);
}

void MainWindow::openModelDialog()
{
    if (m_model_dialog) {
        m_model_dialog->raise();
        return;
    }
    QWidget* const above = m_models->isActiveWindow() ? static_cast<QWidget*>(m_models) : this;
    m_model_dialog = new ModelDialog(m_choice, m_used, m_weight_formats, above);
    m_model_dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(m_model_dialog, &ModelDialog::inspectRequested, this, &MainWindow::inspectRequested);
    connect(m_model_dialog, &ModelDialog::chosen, this, &MainWindow::modelChosen);
    connect(m_model_dialog, &ModelDialog::modelsRequested, this, &MainWindow::openModels);
    m_model_dialog->open();
}

void MainWindow::openModels()
{
    m_models->show();
    m_models->raise();
    m_models->activateWindow();
}

void MainWindow::showPathReport(const PathReport& report)
{
    if (m_model_dialog)
        m_model_dialog->showReport(report);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    const QMimeData* dragged = event->mimeData();
    if (!draggedPath(dragged).isEmpty() || !draggedAddress(dragged).isEmpty())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    event->acceptProposedAction();
    takeDropped(event->mimeData());
}

void MainWindow::takeDropped(const QMimeData* dragged)
{
    if (const QString path = draggedPath(dragged); !path.isEmpty()) {
        m_models->hide();
        emit pathDropped(path);
    } else if (const QString address = draggedAddress(dragged); !address.isEmpty()) {
        openModels();
        m_models->showTab(ModelsWindow::discover_tab);
        m_models->discover()->searchFor(address);
    }
}

} // namespace gorgon
