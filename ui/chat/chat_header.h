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
    QSize minimumSizeHint() const override { return {180, 50}; }

signals:
    void openRequested(); // another model

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    /// Where it is narrow the facts leave first, then the name is cut; its tooltip has them all.
    void fit();

    ModelSummary m_model;
    QToolButton* m_name;
    QLabel* m_heads;
    Chip* m_device;
    Chip* m_weights;
    QToolButton* m_marks;
};

} // namespace gorgon
