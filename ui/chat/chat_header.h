// SPDX-License-Identifier: GPL-3.0-or-later
// Model, heads, device and weight format, above the conversation.
#pragma once

#include "ui/chat/chat_values.h"
#include "ui/models/model_choice.h"

#include <QWidget>

class QMenu;
class QToolButton;

namespace gorgon {

class Chip;

class ChatHeader : public QWidget
{
    Q_OBJECT

public:
    explicit ChatHeader(QWidget* parent = nullptr);

    void setModel(const ModelSummary& model);
    /// Heads that fit the model in use, and those that it uses: a path, "none", or empty.
    void setHeads(const QVector<HeadsOffer>& offered, const QString& in_use);
    QToolButton* marksButton() const { return m_marks; }
    QToolButton* headsButton() const { return m_heads; }
    QSize minimumSizeHint() const override { return {180, 50}; }

signals:
    void openRequested(); // another model
    void headsChosen(const QString& heads); // as of a ModelChoice
    void headsWanted(); // the menu opens: what is installed may have changed

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    /// Where it is narrow the facts leave first, then the name is cut; its tooltip has them all.
    void fit();
    void fillHeads();

    ModelSummary m_model;
    QVector<HeadsOffer> m_offered;
    QString m_heads_in_use;
    QToolButton* m_name;
    QToolButton* m_heads;
    QMenu* m_heads_menu;
    Chip* m_device;
    Chip* m_weights;
    QToolButton* m_marks;
};

} // namespace gorgon
