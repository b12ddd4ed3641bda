// SPDX-License-Identifier: GPL-3.0-or-later
// Model, heads, device and weight format, above the conversation.
#pragma once

#include "ui/chat/chat_values.h"

#include <QWidget>

class QLabel;
class QToolButton;

namespace gorgon {

class Chip;

class ChatHeader : public QWidget
{
    Q_OBJECT

public:
    explicit ChatHeader(QWidget* parent = nullptr);

    void setModel(const ModelSummary& model);
    QToolButton* marksButton() const { return m_marks; }

signals:
    void openRequested(); // another model

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QToolButton* m_name;
    QLabel* m_heads;
    Chip* m_device;
    Chip* m_weights;
    QToolButton* m_marks;
};

} // namespace gorgon
