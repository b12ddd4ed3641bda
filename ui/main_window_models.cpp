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
#include <QFileInfo>
#include <QMimeData>
#include <QUrl>

namespace gorgon {

namespace {

/// The file or folder that is dragged, or the folder of several files; empty where it is something
/// else.
QString draggedPath(const QMimeData* data)
{
    QString path;
    const QList<QUrl> urls = data->urls();
    for (const QUrl& url : urls) {
        if (!url.isLocalFile())
            return {};
        const QString own = url.toLocalFile();
        const QFileInfo info(own);
        const QString place = urls.size() == 1 ? own : info.path();
        if ((urls.size() > 1 && !info.isFile()) || (!path.isEmpty() && path != place))
            return {};
        path = place;
    }
    return path;
}

/// The one page of the web that is dragged: a model of the hub, perhaps.
QString draggedAddress(const QMimeData* data)
{
    const QList<QUrl> urls = data->urls();
    const bool is_page = urls.size() == 1
        && (urls.front().scheme() == QLatin1String("https")
            || urls.front().scheme() == QLatin1String("http"));
    return is_page ? urls.front().toString(QUrl::FullyEncoded) : QString();
}

/// A line of text that may name a model.
QString draggedText(const QMimeData* data)
{
    constexpr int kLongest = 500;
    const QString text = data->text().trimmed();
    const bool is_line = text.size() <= kLongest && !text.contains(QLatin1Char('\n'));
    return is_line && !data->hasUrls() ? text : QString();
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
    emit usedModelsChanged();
}

void MainWindow::setInstalled(const QVector<InstalledEntry>& entries)
{
    m_installed = entries;
    m_models->installed()->setEntries(entries);
    if (entries.isEmpty()) // nothing to be seen there
        m_models->suggestTab(ModelsWindow::discover_tab);
    offerHeads();
}

bool MainWindow::isBusy() const
{
    using Phase = EngineStatus::Phase;
    return m_status.phase == Phase::reading_prompt || m_status.phase == Phase::generating
        || m_status.phase == Phase::stopping;
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
        return;
    }
    QString address = draggedAddress(dragged);
    if (address.isEmpty())
        address = draggedText(dragged);
    if (address.isEmpty()) {
        m_models->showTab(ModelsWindow::discover_tab);
        m_models->discover()->showFailure(
            {tr("That is neither one folder, files of one folder, nor "
                "the address of a model."),
                HubDeed::none, {}, {}});
        return;
    }
    openModels();
    m_models->showTab(ModelsWindow::discover_tab);
    m_models->discover()->searchFor(address);
}

} // namespace gorgon
