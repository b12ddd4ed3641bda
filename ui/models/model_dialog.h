// SPDX-License-Identifier: GPL-3.0-or-later
// Chooses a model and its heads: a folder, or one that was used before. What a folder holds is said
// before it is opened.
#pragma once

#include "ui/models/model_choice.h"

#include <QDialog>

class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;
class QTimer;

namespace gorgon {

class ModelDialog : public QDialog
{
    Q_OBJECT

public:
    /// used: the newest first; weights: formats on offer ("q8").
    ModelDialog(const ModelChoice& current, const QVector<ModelChoice>& used,
        const QStringList& weights, QWidget* parent = nullptr);

    ModelChoice choice() const;

public slots:
    /// Answer to inspectRequested.
    void showReport(const gorgon::PathReport& report);

signals:
    void inspectRequested(const QString& path);
    void chosen(const gorgon::ModelChoice& choice);
    void modelsRequested(); // one is to be found or downloaded

private:
    void showChoice(const ModelChoice& choice);
    void browse(QLineEdit* edit, const QString& title);
    void edited();

    QListWidget* m_used;
    QLineEdit* m_model;
    QComboBox* m_heads_kind;
    QLineEdit* m_heads;
    QPushButton* m_browse_heads;
    QComboBox* m_weights;
    QLabel* m_model_words;
    QLabel* m_heads_words;
    QPushButton* m_open;
    QTimer* m_timer; // typing pauses this long before a path is looked at
};

} // namespace gorgon
