// SPDX-License-Identifier: GPL-3.0-or-later
// One sentence above the conversation: an error and what to do, or a deed that can be undone.
#pragma once

#include <QFrame>

#include <functional>

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
    void showNotice(const QString& sentence); // worth knowing, no failure
    /// `action` runs at most once; the bar goes away by itself after a while.
    void showUndo(
        const QString& sentence, const QString& action_name, std::function<void()> action);
    /// Comes back behind every other message until a person dismisses it.
    void setStanding(const QString& sentence);
    void dismiss();
    QString text() const;
    bool isError() const { return m_error; }
    QToolButton* actionButton() const { return m_action_button; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void present(const QString& sentence, bool error);
    void setAction(const QString& name, std::function<void()> action);

    QLabel* m_text;
    QToolButton* m_action_button;
    QToolButton* m_close;
    QTimer* m_timer;
    std::function<void()> m_action;
    QString m_standing; // empty: none
    bool m_standing_shown = false;
    bool m_error = false;
};

} // namespace gorgon
