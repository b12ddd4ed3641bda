// SPDX-License-Identifier: GPL-3.0-or-later
// Copying, exporting, pointing: what a person does with a HistoryPlot.
#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QMenu>
#include <QMessageBox>
#include <QSaveFile>
#include <QToolTip>

#include "ui/plots/history_plot.h"
#include "ui/plots/rolling.h"

namespace gorgon {

void HistoryPlot::copyImage()
{
    QGuiApplication::clipboard()->setPixmap(toPixmap(width(), height(), devicePixelRatioF()));
}

bool HistoryPlot::exportCsv(const QString& path, QString* problem) const
{
    QSaveFile file(path);
    const bool any = m_history && !m_history->isEmpty();
    const QByteArray bytes = any ? historyCsv(*m_history) : QByteArray();
    const bool ok = !bytes.isEmpty() && file.open(QIODevice::WriteOnly)
        && file.write(bytes) == bytes.size() && file.commit();
    if (!ok && problem)
        *problem = bytes.isEmpty()
            ? tr("There is no step to export yet.")
            : tr("%1 could not be written: %2").arg(path, file.errorString());
    return ok;
}

void HistoryPlot::askForCsv()
{
    auto* dialog = new QFileDialog(
        this, tr("Export steps"), QString(), tr("Comma-separated values (*.csv)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("csv"));
    dialog->selectFile(QStringLiteral("gorgon-steps.csv"));
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        QString problem;
        if (exportCsv(path, &problem))
            return;
        auto* box = new QMessageBox(
            QMessageBox::Warning, tr("Export steps"), problem, QMessageBox::Ok, this);
        box->setAttribute(Qt::WA_DeleteOnClose);
        box->open();
    });
    dialog->open();
}

void HistoryPlot::contextMenuEvent(QContextMenuEvent* event)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("Copy image"), QKeySequence::Copy, this, &HistoryPlot::copyImage);
    QAction* csv = menu->addAction(
        tr("Export steps as CSV…"), QKeySequence::Save, this, &HistoryPlot::askForCsv);
    csv->setEnabled(m_history && !m_history->isEmpty());
    menu->popup(event->globalPos());
}

void HistoryPlot::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::Copy))
        copyImage();
    else if (event->matches(QKeySequence::Save) && m_history && !m_history->isEmpty())
        askForCsv();
    else
        QCustomPlot::keyPressEvent(event);
}

void HistoryPlot::mousePressEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton && m_history && !m_history->isEmpty()
        && axisRect()->rect().contains(event->pos()))
    {
        const int row = rowAt(*m_history, xAxis->pixelToCoord(event->position().x()));
        if (row >= 0)
            emit stepClicked(m_history->serialOf(row));
    }
    QCustomPlot::mousePressEvent(event);
}

bool HistoryPlot::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return QCustomPlot::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const bool inside
        = m_history && !m_history->isEmpty() && axisRect()->rect().contains(help->pos());
    const int row = inside ? rowAt(*m_history, xAxis->pixelToCoord(help->pos().x())) : -1;
    if (row >= 0)
        QToolTip::showText(help->globalPos(), tipAt(*m_history, row), this);
    else
        QToolTip::hideText();
    return true;
}

} // namespace gorgon
