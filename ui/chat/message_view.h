// SPDX-License-Identifier: GPL-3.0-or-later
// One message of the transcript: a bubble at the right (user) or running text at the left (answer).
#pragma once

#include "ui/chat/chat_values.h"
#include "ui/chat/text_lines.h"

#include <QWidget>

namespace gorgon {

class MessageView : public QWidget
{
    Q_OBJECT

public:
    explicit MessageView(const Message& message, QWidget* parent = nullptr);

    const Message& message() const { return m_message; }
    bool isUser() const { return m_message.role == "user"; }
    QString text() const { return m_raw; } // as it came; what copying gives
    QString footer() const; // figures and state in words
    QString selectedText() const;

    void append(const QString& raw, const TextMarks& marks = {});
    void setMarksShown(bool shown);
    void setMessage(const Message& message); // an answer ended: state, figures, whole text
    void setStats(const MessageStats& stats);
    void setWaiting(const QString& words); // shown in place of an answer that has no text yet

    /// A cheap guess of the height at a width, for messages that are out of sight.
    int estimatedHeight(int width) const;
    /// Lays the text out; the height to give the widget.
    int layOut(int width);
    /// Where action buttons may stand, in own coordinates.
    QRect actionRect() const;
    /// They take so much of its right end; 0: none are shown.
    void setActionsWidth(int width);

    static int maxTextWidth(); // 72 characters of the conversation's face
    static constexpr int kFrame = 6; // around text and bubble, for the focus frame

signals:
    void activated(gorgon::MessageView* view); // hovered or focused
    void copyRequested(gorgon::MessageView* view);
    void stepChosen(qint64 message, int step); // a marked stretch was clicked

protected:
    void paintEvent(QPaintEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    QRectF bubble() const; // user: the tinted card; answer: the column of text
    QPointF textOrigin() const;
    void describe();
    void takeMarks(const TextMarks& marks);
    QString shownFooter() const; // cut where it does not fit
    const TextMark* markAt(QPointF point) const; // null: none there
    std::vector<Underline> underlines() const;
    bool event(QEvent* event) override;

    Message m_message;
    QString m_raw;
    QString m_waiting;
    int m_actions_width = 0;
    TextLines m_lines;
    TextSpan m_selection;
    TextMarks m_marks;
    std::vector<int> m_mark_ends; // places in the text
    bool m_marks_shown = false;
};

} // namespace gorgon
