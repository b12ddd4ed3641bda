// SPDX-License-Identifier: GPL-3.0-or-later
// The Prompt tab: exactly what the model sees, control tokens visible, and the template that wrote
// it.
#pragma once

#include "ui/prompt/prompt_view.h"

#include <QWidget>

class QCheckBox;
class QComboBox;
class QLabel;

namespace gorgon {

class PromptText;

class PromptPanel : public QWidget
{
    Q_OBJECT

public:
    explicit PromptPanel(QWidget* parent = nullptr);

    void setPrompt(const PromptView& prompt);
    void setTemplates(const TemplateChoice& templates);
    PromptText* text() const { return m_text; }
    QString summary() const;

signals:
    void templateChosen(const QString& name); // "": the model's own

protected:
    void showEvent(QShowEvent* event) override;

private:
    void showPrompt();

    PromptView m_prompt;
    bool m_shown = false; // m_prompt is in m_text
    QComboBox* m_template;
    QLabel* m_source;
    QLabel* m_summary;
    QCheckBox* m_borders;
    PromptText* m_text;
};

} // namespace gorgon
