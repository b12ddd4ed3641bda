// SPDX-License-Identifier: GPL-3.0-or-later
// Chooses a tree by name, or takes choices as text and hands them to whoever can check them.
#pragma once

#include <QVector>
#include <QWidget>

#include "core/decode/candidate_tree.h"

class QComboBox;
class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace gorgon {

class TreePicker : public QWidget
{
    Q_OBJECT

public:
    explicit TreePicker(QWidget* parent = nullptr);

    void setTrees(const QVector<TreeSpec>& trees);
    void setTree(const TreeSpec& tree); // one that is not in the list is added to it
    /// Other choices under the same name; what a person is typing or choosing stays as it is.
    void refine(const TreeSpec& tree);
    const TreeSpec& tree() const { return m_tree; }

    void setError(const QString& error);
    void setUnavailable(const QString& why);

    QComboBox* combo() const { return m_combo; }
    QPlainTextEdit* editor() const { return m_editor; }
    QPushButton* useButton() const { return m_use; }
    QString summary() const;
    QString error() const;

signals:
    void treeChosen(const gorgon::TreeSpec& tree);
    void textEntered(const QString& text);
    void fastestRequested(); // whoever can time trees answers with setTree

private:
    void fillCombo();
    void addTree(const TreeSpec& tree);
    void showTip();
    void choose(int index);
    void openEditor(bool open);

    QVector<TreeSpec> m_trees;
    TreeSpec m_tree;
    QComboBox* m_combo = nullptr;
    QLabel* m_summary = nullptr;
    QWidget* m_custom = nullptr;
    QPlainTextEdit* m_editor = nullptr;
    QPushButton* m_use = nullptr;
    QLabel* m_error = nullptr;
    QString m_why;
};

} // namespace gorgon
