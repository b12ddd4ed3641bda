// SPDX-License-Identifier: GPL-3.0-or-later
// The card at the foot of the conversation: prompt, context in use, and one place for Send and
// Stop.
#pragma once

#include <QFrame>

class QLabel;
class QPushButton;
class QToolButton;

namespace gorgon {

class PromptEdit;

class PromptCard : public QFrame
{
    Q_OBJECT

public:
    enum class Mode
    {
        send, // a message may be sent
        stop, // an answer of this conversation is being made
        blocked, // not now: no model, or another conversation's answer is being made
    };

    explicit PromptCard(QWidget* parent = nullptr);

    PromptEdit* edit() const { return m_edit; }
    QPushButton* button() const { return m_button; }
    QString text() const;
    void setText(const QString& text);
    void setMode(Mode mode, const QString& why = {});
    Mode mode() const { return m_mode; }
    void setContext(int used, int size);
    /// "Editing a message": sending replaces it and all after it.
    void setEditing(bool editing);
    bool isEditing() const { return m_editing; }

signals:
    void sent(const QString& text);
    void stopRequested();
    void editingCancelled();
    void textEdited();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;

private:
    void send();
    void escape();
    void updateButton();

    PromptEdit* m_edit;
    QLabel* m_context;
    QWidget* m_editing_strip;
    QPushButton* m_button;
    Mode m_mode = Mode::blocked;
    QString m_why;
    int m_used = 0;
    int m_size = 0;
    bool m_editing = false;
};

} // namespace gorgon
