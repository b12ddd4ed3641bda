// SPDX-License-Identifier: GPL-3.0-or-later
// One sentence above the conversation: an error and what to do, or a deed that can be undone.
#pragma once

#include <QFrame>

#include <functional>
#include <optional>

class QLabel;
class QTimer;
class QToolButton;

namespace gorgon {

class NoticeBar : public QFrame
{
    Q_OBJECT

public:
    explicit NoticeBar(QWidget* parent = nullptr);

    /// `action`, where there is one, runs at most once.
    void showError(const QString& sentence, const QString& action_name = {},
        std::function<void()> action = {});
    void showNotice(const QString& sentence); // worth knowing, no failure; goes away by itself
    /// Goes away by itself after a while. An error or notice that comes meanwhile stands in front of
    /// the offer, which returns when that is dismissed.
    void showUndo(
        const QString& sentence, const QString& action_name, std::function<void()> action);
    void withdrawUndo(); // it was done in another way
    /// Comes back behind every other message until a person dismisses it.
    void setStanding(const QString& sentence);
    void dismiss(); // error, notice and offer
    QString text() const;
    bool isError() const { return m_error; }
    QToolButton* actionButton() const { return m_action_button; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Message
    {
        QString sentence;
        QString action_name;
        std::function<void()> action;
        bool error = false;
        bool passing = false; // goes away by itself
    };
    const Message* shown() const; // nullptr: none
    void present();
    void closeShown();

    // From front to back.
    std::optional<Message> m_front;
    std::optional<Message> m_offer;
    std::optional<Message> m_standing;

    QLabel* m_text;
    QToolButton* m_action_button;
    QToolButton* m_close;
    QTimer* m_timer;
    bool m_error = false;
};

} // namespace gorgon
