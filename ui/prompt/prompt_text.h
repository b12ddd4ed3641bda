// SPDX-License-Identifier: GPL-3.0-or-later
// The tokens of a prompt as text to read, select and hover.
#pragma once

#include "ui/prompt/prompt_view.h"

#include <QTextEdit>

namespace gorgon {

class PromptText : public QTextEdit
{
    Q_OBJECT

public:
    explicit PromptText(QWidget* parent = nullptr);

    void setTokens(const QVector<PromptToken>& tokens);
    /// Every other token on a tint.
    void setBordersShown(bool shown);
    /// "Token 12 of 31: id 1303, “ story”, from a message"; empty where there is none.
    QString describe(int position) const;

protected:
    bool event(QEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void fill();

    QVector<PromptToken> m_tokens;
    QVector<int> m_starts; // position of each token in the document
    bool m_borders = false;
};

} // namespace gorgon
