// SPDX-License-Identifier: GPL-3.0-or-later
// The left zone: name, new chat, search, conversations.
#pragma once

#include "ui/chat/chat_values.h"
#include "ui/theme/theme.h"

#include <QWidget>

class QLabel;
class QLineEdit;
class QListView;
class QPushButton;
class QSortFilterProxyModel;

namespace gorgon {

class ConversationModel;

class ConversationPanel : public QWidget
{
    Q_OBJECT

public:
    explicit ConversationPanel(QWidget* parent = nullptr);

    void setConversations(const ConversationList& conversations);
    void setCurrent(qint64 conversation); // 0: none, a new chat
    void setBusy(qint64 conversation);
    QListView* list() const { return m_list; }
    QLineEdit* search() const { return m_search; }

public slots:
    void focusSearch();
    void renameCurrent();
    void removeCurrent();

signals:
    void newChatRequested();
    void opened(qint64 conversation);
    void renamed(qint64 conversation, const QString& title);
    void removeRequested(qint64 conversation, const QString& title);
    void appearanceChosen(gorgon::ThemeMode mode);
    void shortcutsRequested();
    void modelsRequested();

protected:
    bool eventFilter(QObject* object, QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void select();
    void openIndex(const QModelIndex& index);
    void showMenu(QPoint place);
    void updateEmptyWords();
    QWidget* makeFoot();

    ConversationModel* m_model;
    QSortFilterProxyModel* m_filter;
    QPushButton* m_new_chat;
    QLineEdit* m_search;
    QListView* m_list;
    QLabel* m_empty;
    qint64 m_current = 0;
};

} // namespace gorgon
