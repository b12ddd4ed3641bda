// SPDX-License-Identifier: GPL-3.0-or-later
// The centre zone: header, notice, messages, prompt. Keeps a draft for each conversation.
#pragma once

#include "ui/chat/chat_values.h"

#include <QHash>
#include <QWidget>

class QStackedLayout;
class QTimer;

namespace gorgon {

class ChatHeader;
class Invitation;
class NoticeBar;
class PromptCard;
class Transcript;

class ChatPanel : public QWidget
{
    Q_OBJECT

public:
    explicit ChatPanel(QWidget* parent = nullptr);

    qint64 conversation() const { return m_conversation; } // 0: a new chat, not stored yet
    Transcript* transcript() const { return m_transcript; }
    PromptCard* card() const { return m_card; }
    NoticeBar* notice() const { return m_notice; }
    ChatHeader* header() const { return m_header; }

    void setModel(const ModelSummary& model);
    /// Its id and messages; id 0: not stored yet.
    Conversation shownConversation() const;
    bool marksShown() const;
    void setMarksShown(bool shown);
    void setStatus(const EngineStatus& status);
    void setContext(qint64 conversation, int used);

    void startNew();
    void showConversation(const Conversation& conversation, const QString& stored_draft);

    /// A turn is on disk and its answer begins: `truncated_from` and all after it are replaced.
    void beginTurn(
        qint64 conversation, bool is_new, qint64 truncated_from, const std::vector<Message>& added);
    void addProgress(const AnswerProgress& progress);
    void finishAnswer(qint64 conversation, const Message& answer);
    /// Nothing was sent; what was typed is still in the prompt.
    void refuseTurn(const QString& sentence);
    void keepDraft();

public slots:
    void regenerateLast();
    void focusPrompt();
    /// Stops the answer, wherever it is made; else ends an edit.
    void escape();

signals:
    void sent(qint64 conversation, const QString& text);
    void edited(qint64 conversation, qint64 message, const QString& text);
    void regenerateRequested(qint64 conversation, qint64 message);
    void stopRequested(); // of an answer, or of loading
    void openRequested(); // another model
    void modelsRequested(); // one for this computer
    void marksToggled(bool shown);
    void stepChosen(qint64 message, int step); // of an answer, to be looked at
    void draftChanged(qint64 conversation, const QString& text);
    void contextShown(int used, int size); // used < 0: not known yet

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void send(const QString& text);
    void beginEdit(qint64 message, const QString& text);
    void cancelEdit();
    void updateMode();
    void updateContext();
    void updatePage();

    ChatHeader* m_header;
    NoticeBar* m_notice;
    QStackedLayout* m_pages;
    Invitation* m_invitation;
    Transcript* m_transcript;
    PromptCard* m_card;
    QTimer* m_draft_timer;

    ModelSummary m_model;
    EngineStatus m_status;
    qint64 m_conversation = 0;
    qint64 m_running = 0; // where an answer is being made; 0: nowhere
    qint64 m_running_answer = 0;
    bool m_sending = false; // asked for, not on disk yet
    qint64 m_edited_message = 0; // 0: the prompt is a new message
    QString m_draft_before_edit;
    QString m_sent_text;
    QHash<qint64, QString> m_drafts;
    QHash<qint64, int> m_context; // tokens in use
};

} // namespace gorgon
