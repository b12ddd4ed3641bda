// SPDX-License-Identifier: GPL-3.0-or-later
// Opening models: the dialog, and folders dropped on the window.
#include "ui/main_window.h"
#include "ui/models/model_dialog.h"

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

} // namespace

void MainWindow::setModelChoices(
    const ModelChoice& current, const QVector<ModelChoice>& used, const QStringList& weights)
{
    m_choice = current;
    m_used = used;
    m_weight_formats = weights;
}

void MainWindow::openModelDialog()
{
    if (m_model_dialog) {
        m_model_dialog->raise();
        return;
    }
    m_model_dialog = new ModelDialog(m_choice, m_used, m_weight_formats, this);
    m_model_dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(m_model_dialog, &ModelDialog::inspectRequested, this, &MainWindow::inspectRequested);
    connect(m_model_dialog, &ModelDialog::chosen, this, &MainWindow::modelChosen);
    m_model_dialog->open();
}

void MainWindow::showPathReport(const PathReport& report)
{
    if (m_model_dialog)
        m_model_dialog->showReport(report);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    if (!draggedPath(event->mimeData()).isEmpty())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    const QString path = draggedPath(event->mimeData());
    if (path.isEmpty())
        return;
    event->acceptProposedAction();
    emit pathDropped(path);
}

} // namespace gorgon
