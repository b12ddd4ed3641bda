// SPDX-License-Identifier: GPL-3.0-or-later
// The buttons beside the message that is hovered or focused: copy, edit, regenerate.
#pragma once

#include <QPointer>
#include <QWidget>

class QToolButton;

namespace gorgon {

class MessageView;

class MessageActions : public QWidget
{
    Q_OBJECT

public:
    explicit MessageActions(QWidget* parent = nullptr);

    /// Moves beside a message; null hides.
    void attach(MessageView* view, bool may_change, bool is_last_answer);
    MessageView* view() const;
    void place();

signals:
    void copyRequested(gorgon::MessageView* view);
    void editRequested(gorgon::MessageView* view);
    void regenerateRequested(gorgon::MessageView* view);

private:
    QToolButton* add(const QString& text, const QString& name);

    QPointer<MessageView> m_view;
    QToolButton* m_copy;
    QToolButton* m_edit;
    QToolButton* m_regenerate;
};

} // namespace gorgon
