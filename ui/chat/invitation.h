// SPDX-License-Identifier: GPL-3.0-or-later
// What stands where messages will be: no model, loading, or a short invitation with examples.
#pragma once

#include "ui/chat/chat_values.h"

#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;

namespace gorgon {

class Invitation : public QWidget
{
    Q_OBJECT

public:
    explicit Invitation(QWidget* parent = nullptr);

    void setState(const ModelSummary& model, const EngineStatus& status);

signals:
    void exampleChosen(const QString& prompt);
    void modelsRequested(); // one for this computer

private:
    QLabel* m_title;
    QLabel* m_words;
    QProgressBar* m_progress;
    QWidget* m_examples;
    QPushButton* m_models;
};

} // namespace gorgon
