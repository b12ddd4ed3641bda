// SPDX-License-Identifier: GPL-3.0-or-later
// The Details tab: what was loaded, how it lies in memory, and every warning.
#pragma once

#include "ui/details/model_details.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace gorgon {

class MemoryBar;

class DetailsPanel : public QWidget
{
    Q_OBJECT

public:
    explicit DetailsPanel(QWidget* parent = nullptr);

    void setDetails(const ModelDetails& details);
    /// All of it, a line for each row; what Copy puts on the clipboard.
    QString text() const;

signals:
    void openRequested(); // another model

private:
    void addWarnings(QVBoxLayout* column);
    void addSection(QVBoxLayout* column, const ModelDetails::Section& section);

    ModelDetails m_details;
    QLabel* m_empty;
    QPushButton* m_copy;
    QWidget* m_content = nullptr; // built anew for each model
};

} // namespace gorgon
