// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chat_panel.h"

#include "ui/chat/chat_header.h"
#include "ui/chat/invitation.h"
#include "ui/chat/message_view.h"
#include "ui/chat/notice_bar.h"
#include "ui/chat/prompt_card.h"
#include "ui/chat/prompt_edit.h"
#include "ui/chat/transcript.h"
#include "ui/chat/visible_text.h"
#include "ui/theme/theme.h"

#include <QStackedLayout>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

namespace gorgon {

namespace {

constexpr int kDraftMs = 400; // typing pauses this long before a draft is handed on
constexpr double kPromptShare = 0.4; // of the zone's height

} // namespace

ChatPanel::ChatPanel(QWidget* parent)
    : QWidget(parent)
    , m_header(new ChatHeader)
    , m_notice(new NoticeBar)
    , m_pages(new QStackedLayout)
    , m_invitation(new Invitation)
    , m_transcript(new Transcript)
    , m_card(new PromptCard)
    , m_draft_timer(new QTimer(this))
{
    m_pages->addWidget(m_invitation);
    m_pages->addWidget(m_transcript);
    auto* foot = new QVBoxLayout;
    foot->setContentsMargins(Theme::kEdge, 4, Theme::kEdge, 16);
    foot->addWidget(m_card);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_header);
    column->addWidget(m_notice);
    column->addLayout(m_pages, 1);
    column->addLayout(foot);
    setMinimumWidth(336);
    m_draft_timer->setSingleShot(true);
    m_draft_timer->setInterval(kDraftMs);

    connect(m_card, &PromptCard::sent, this, &ChatPanel::send);
    connect(m_card, &PromptCard::stopRequested, this, &ChatPanel::stopRequested);
    connect(m_card, &PromptCard::editingCancelled, this, &ChatPanel::cancelEdit);
    connect(m_card, &PromptCard::textEdited, m_draft_timer, qOverload<>(&QTimer::start));
    connect(m_draft_timer, &QTimer::timeout, this, &ChatPanel::keepDraft);
    connect(m_invitation, &Invitation::exampleChosen, this, &ChatPanel::send);
    connect(m_invitation, &Invitation::modelsRequested, this, &ChatPanel::modelsRequested);
    connect(
        m_header->marksButton(), &QToolButton::toggled, m_transcript, &Transcript::setMarksShown);
    connect(m_header->marksButton(), &QToolButton::toggled, this, &ChatPanel::marksToggled);
    connect(m_header, &ChatHeader::openRequested, this, &ChatPanel::openRequested);
    connect(m_transcript, &Transcript::stepChosen, this, &ChatPanel::stepChosen);
    connect(m_transcript, &Transcript::editRequested, this, &ChatPanel::beginEdit);
    connect(m_transcript, &Transcript::regenerateRequested, this,
        [this](qint64 message) { emit regenerateRequested(m_conversation, message); });
    updateMode();
}

void ChatPanel::setModel(const ModelSummary& model)
{
    m_model = model;
    m_header->setModel(model);
    updateMode();
    updateContext();
}

Conversation ChatPanel::shownConversation() const
{
    Conversation conversation;
    conversation.summary.id = m_conversation;
    for (int i = 0; i < m_transcript->count(); ++i)
        conversation.messages.push_back(m_transcript->view(i)->message());
    return conversation;
}

bool ChatPanel::marksShown() const
{
    return m_header->marksButton()->isChecked();
}

void ChatPanel::setMarksShown(bool shown)
{
    m_header->marksButton()->setChecked(shown);
}

void ChatPanel::setStatus(const EngineStatus& status)
{
    m_status = status;
    if (m_running_answer != 0 && status.phase == EngineStatus::Phase::reading_prompt)
        m_transcript->setWaiting(m_running_answer,
            tr("Reading the prompt: %1 of %2 tokens")
                .arg(groupedNumber(status.done), groupedNumber(status.total)));
    updateMode();
}

void ChatPanel::setContext(qint64 conversation, int used)
{
    m_context[conversation] = used;
    if (conversation == m_conversation)
        updateContext();
}

void ChatPanel::startNew()
{
    showConversation({}, {});
    focusPrompt();
}

void ChatPanel::showConversation(const Conversation& conversation, const QString& stored_draft)
{
    keepDraft();
    m_edited_message = 0;
    m_card->setEditing(false);
    m_conversation = conversation.summary.id;
    if (!m_drafts.contains(m_conversation))
        m_drafts[m_conversation] = stored_draft;
    m_card->setText(m_drafts[m_conversation]);
    m_transcript->setMessages(conversation.messages);
    updatePage();
    updateMode();
    updateContext();
}

void ChatPanel::send(const QString& text)
{
    if (m_sending || m_card->mode() != PromptCard::Mode::send)
        return;
    m_sending = true;
    m_sent_text = text;
    updateMode();
    if (m_edited_message != 0)
        emit edited(m_conversation, m_edited_message, text);
    else
        emit sent(m_conversation, text);
}

void ChatPanel::beginTurn(
    qint64 conversation, bool is_new, qint64 truncated_from, const std::vector<Message>& added)
{
    m_sending = false;
    m_running = conversation;
    m_running_answer = added.empty() ? 0 : added.back().id;
    m_notice->dismiss();
    if (conversation == m_conversation || (is_new && m_conversation == 0)) {
        m_conversation = conversation;
        m_transcript->removeFrom(truncated_from);
        for (const Message& message : added)
            m_transcript->addMessage(message);
        if (m_edited_message != 0)
            cancelEdit();
        else if (m_card->text() == m_sent_text)
            m_card->setText({});
        if (is_new)
            m_drafts.remove(0);
        keepDraft();
        m_transcript->jumpToLatest();
    } else if (m_drafts.value(conversation) == m_sent_text) {
        m_drafts.remove(conversation);
        emit draftChanged(conversation, {});
    }
    m_sent_text.clear();
    updatePage();
    updateMode();
}

void ChatPanel::addProgress(const AnswerProgress& progress)
{
    if (progress.conversation == m_conversation)
        m_transcript->append(progress);
}

void ChatPanel::finishAnswer(qint64 conversation, const Message& answer)
{
    m_running = m_running_answer = 0;
    if (conversation == m_conversation)
        m_transcript->finish(answer);
    updateMode();
}

void ChatPanel::refuseTurn(const QString& sentence)
{
    m_sending = false;
    if (m_card->text().isEmpty()) // an example was chosen
        m_card->setText(m_sent_text);
    m_notice->showError(sentence);
    updateMode();
}

void ChatPanel::regenerateLast()
{
    if (m_card->mode() != PromptCard::Mode::send || m_transcript->count() == 0)
        return;
    const Message& last = m_transcript->view(m_transcript->count() - 1)->message();
    if (last.role == "assistant")
        emit regenerateRequested(m_conversation, last.id);
}

void ChatPanel::focusPrompt()
{
    m_card->edit()->setFocus(Qt::OtherFocusReason);
}

void ChatPanel::escape()
{
    if (m_running != 0 || m_status.phase == EngineStatus::Phase::loading)
        emit stopRequested();
    else if (m_edited_message != 0)
        cancelEdit();
}

void ChatPanel::beginEdit(qint64 message, const QString& text)
{
    if (m_edited_message == 0)
        m_draft_before_edit = m_card->text();
    m_edited_message = message;
    m_card->setText(text);
    m_card->setEditing(true);
    focusPrompt();
}

void ChatPanel::cancelEdit()
{
    m_edited_message = 0;
    m_card->setEditing(false);
    m_card->setText(m_draft_before_edit);
    m_draft_before_edit.clear();
}

void ChatPanel::keepDraft()
{
    m_draft_timer->stop();
    const QString text = m_edited_message != 0 ? m_draft_before_edit : m_card->text();
    if (m_drafts.value(m_conversation) == text)
        return;
    m_drafts[m_conversation] = text;
    emit draftChanged(m_conversation, text);
}

void ChatPanel::updateMode()
{
    const bool here = m_running != 0 && m_running == m_conversation;
    if (here)
        m_card->setMode(PromptCard::Mode::stop);
    else if (m_status.phase == EngineStatus::Phase::loading)
        m_card->setMode(PromptCard::Mode::stop, tr("Stops loading the model (Esc)"));
    else if (!m_model.isLoaded())
        m_card->setMode(PromptCard::Mode::blocked, tr("No model is loaded yet"));
    else if (m_running != 0)
        m_card->setMode(
            PromptCard::Mode::blocked, tr("An answer is being written in another chat"));
    else if (m_sending)
        m_card->setMode(PromptCard::Mode::blocked, tr("Saving the message"));
    else
        m_card->setMode(PromptCard::Mode::send);
    m_transcript->setMayChange(m_card->mode() == PromptCard::Mode::send);
    m_invitation->setState(m_model, m_status);
}

void ChatPanel::updateContext()
{
    const int used = m_context.value(m_conversation, m_conversation == 0 ? 0 : -1);
    m_card->setContext(used, m_model.context);
    emit contextShown(used, m_model.context);
}

void ChatPanel::updatePage()
{
    m_pages->setCurrentIndex(m_transcript->count() > 0 ? 1 : 0);
}

void ChatPanel::resizeEvent(QResizeEvent*)
{
    m_card->edit()->setMaximumTextHeight(int(height() * kPromptShare));
}

} // namespace gorgon
