// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of the main window.
#include "ui/chat/chat_panel.h"
#include "ui/chat/conversation_panel.h"
#include "ui/chat/transcript.h"
#include "ui/main_window.h"
#include "ui/status/shortcut_sheet.h"

#include <QAction>
#include <QLineEdit>
#include <QSplitter>

namespace gorgon {

QAction* MainWindow::addKey(
    const QString& text, const QList<QKeySequence>& keys, std::function<void()> deed)
{
    auto* action = new QAction(text, this);
    action->setShortcuts(keys);
    connect(action, &QAction::triggered, this, std::move(deed));
    addAction(action);
    return action;
}

void MainWindow::addActions()
{
    addKey(tr("Stop"), {Qt::Key_Escape}, [this] {
        QLineEdit* search = m_conversations->search();
        if (search->hasFocus() && !search->text().isEmpty())
            search->clear();
        else
            m_chat->escape();
    });
    addKey(
        tr("Regenerate the answer"), {Qt::CTRL | Qt::Key_R}, [this] { m_chat->regenerateLast(); });
    addKey(
        tr("New chat"), {QKeySequence::New}, [this] { emit m_conversations->newChatRequested(); });
    addKey(tr("Open a model"), {QKeySequence::Open}, [this] { openModelDialog(); });
    addKey(
        tr("Models and downloads"), {Qt::CTRL | Qt::SHIFT | Qt::Key_O}, [this] { openModels(); });
    addKey(tr("Search conversations"), {Qt::CTRL | Qt::Key_K}, [this] {
        m_conversations->show();
        m_conversations->focusSearch();
    });
    addKey(tr("Undo the last delete"), {QKeySequence::Undo}, [this] { undoDelete(); });
    addKey(tr("Write a message"), {Qt::CTRL | Qt::Key_L}, [this] { m_chat->focusPrompt(); });
    addKey(tr("Jump to the latest message"), {Qt::CTRL | Qt::SHIFT | Qt::Key_End},
        [this] { m_chat->transcript()->jumpToLatest(); });
    const QString tabs[] = {tr("Tree"), tr("Plots"), tr("Tune"), tr("Prompt"), tr("Details")};
    for (int tab = 0; tab < int(std::size(tabs)); ++tab)
        addKey(tabs[tab], {QKeySequence(Qt::CTRL | Qt::Key(Qt::Key_1 + tab))},
            [this, tab] { showTab(tab); });
    addKey(tr("Decoding marks"), {Qt::CTRL | Qt::Key_D},
        [this] { m_chat->setMarksShown(!m_chat->marksShown()); });
    addKey(tr("Show or hide conversations"), {Qt::Key_F9, Qt::CTRL | Qt::Key_B},
        [this] { toggleZone(0); });
    addKey(tr("Show or hide tree, plots and tuning"), {Qt::Key_F10}, [this] { toggleZone(2); });
    addKey(tr("Full screen"), {Qt::Key_F11},
        [this] { setWindowState(windowState() ^ Qt::WindowFullScreen); });
    addKey(tr("Shortcuts"), {Qt::Key_F1, Qt::Key_Question}, [this] { showShortcuts(); });
    addKey(tr("Quit"), {QKeySequence(Qt::CTRL | Qt::Key_Q)}, [this] { close(); });
}

void MainWindow::toggleZone(int zone)
{
    QWidget* widget = m_splitter->widget(zone);
    widget->setVisible(widget->isHidden());
    emit layoutChanged();
}

void MainWindow::showShortcuts()
{
    auto* sheet = new ShortcutSheet(actions(), this);
    sheet->setAttribute(Qt::WA_DeleteOnClose);
    sheet->open();
}

} // namespace gorgon
