// SPDX-License-Identifier: GPL-3.0-or-later
// The messages of the open conversation. Only what is in sight is laid out at once, so that five
// hundred messages open, scroll and resize as one does.
#pragma once

#include "ui/chat/chat_values.h"

#include <QScrollArea>

#include <vector>

class QTimer;
class QPushButton;

namespace gorgon {

class MessageActions;
class MessageView;

class Transcript : public QScrollArea
{
    Q_OBJECT

public:
    explicit Transcript(QWidget* parent = nullptr);

    void setMessages(const std::vector<Message>& messages);
    MessageView* addMessage(const Message& message);
    void removeFrom(qint64 message); // and all after it
    void append(const AnswerProgress& progress);
    void setMarksShown(bool shown);
    void finish(const Message& message);
    void setWaiting(qint64 message, const QString& words);
    void setMayChange(bool may_change); // no edit, no regeneration while an answer is made

    int count() const { return int(m_views.size()); }
    MessageView* view(int index) const { return m_views[size_t(index)]; }
    MessageView* find(qint64 message) const;
    bool follows() const { return m_follow; }

public slots:
    void jumpToLatest();

signals:
    void editRequested(qint64 message, const QString& text);
    void regenerateRequested(qint64 message);
    void stepChosen(qint64 message, int step);

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool viewportEvent(QEvent* event) override;

private:
    int textWidth() const;
    void place(); // all views, one below the other, by their known heights
    void layOutStale(int budget_ms);
    void layOutLast(); // the newest message only
    void scrolled();
    void copy(MessageView* view);
    void attachActions(MessageView* view);

    QWidget* m_column;
    MessageActions* m_actions;
    QPushButton* m_jump;
    QTimer* m_stale_timer;
    std::vector<MessageView*> m_views;
    std::vector<int> m_heights;
    std::vector<char> m_stale; // the height is a guess
    bool m_follow = true;
    bool m_placing = false;
    bool m_may_change = true;
    bool m_marks_shown = false;
};

} // namespace gorgon
