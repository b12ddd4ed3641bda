// SPDX-License-Identifier: GPL-3.0-or-later
// The conversations' own thread: every call to the store is made here, and every exception becomes
// a signal.
#pragma once

#include "app/window/turn.h"
#include "core/store/conversation_store.h"
#include "ui/chat/chat_values.h"

#include <QObject>
#include <QTemporaryDir>

#include <filesystem>
#include <memory>

namespace gorgon {

class StoreWorker : public QObject
{
    Q_OBJECT

public:
    explicit StoreWorker(std::filesystem::path file);

public slots:
    void open();
    void close(); // everything asked before is done
    void openConversation(qint64 conversation);
    void beginTurn(const gorgon::TurnRequest& request);
    void savePartial(qint64 conversation, const gorgon::Message& answer);
    void saveAnswer(qint64 conversation, const gorgon::Message& answer);
    void rename(qint64 conversation, const QString& title);
    void remove(qint64 conversation, const QString& title);
    void restore(qint64 conversation);
    void saveDraft(qint64 conversation, const QString& text);
    void saveLayout(const QString& text);
    void readSettings(const QString& model);
    void saveSettings(const QString& model, const QString& text);
    void saveUsedModels(const QString& text);

signals:
    /// Layout of the window and draft of the chat that was not begun; after the first list.
    void opened(const QString& layout, const QString& new_draft);
    void listed(const gorgon::ConversationList& conversations);
    void conversationRead(const gorgon::Conversation& conversation, const QString& draft);
    void turnBegan(const gorgon::Turn& turn);
    void usedModelsRead(const QString& text); // behind `opened`
    void settingsRead(const QString& text); // as saved for the model; empty: none were
    void turnRefused(const QString& sentence);
    void removed(qint64 conversation, const QString& title);
    void failed(const QString& sentence);
    void notKept(const QString& sentence); // this time, and why

private:
    template <typename Deed> void attempt(Deed&& deed);
    Turn storeTurn(const TurnRequest& request);
    ConversationStore& store();
    void openFile();
    void openPrivately(const std::string& cause);
    void list();

    std::filesystem::path m_file;
    std::unique_ptr<QTemporaryDir> m_private; // holds the file where m_file cannot be written
    std::string m_problem; // why no file is open
    std::unique_ptr<ConversationStore> m_store;
};

} // namespace gorgon
