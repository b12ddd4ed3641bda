// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tuning/tree_picker.h"

#include <algorithm>

#include <QAbstractItemView>
#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalBlocker>

#include "ui/theme/theme.h"
#include "ui/tuning/quiet_wheel.h"

namespace gorgon {

TreePicker::TreePicker(QWidget* parent)
    : QWidget(parent)
{
    auto* name = new QLabel(tr("Tree"), this);
    name->setMinimumWidth(136);
    m_combo = new QComboBox(this);
    m_combo->setAccessibleName(tr("Tree"));
    m_combo->view()->setAccessibleName(tr("Trees"));
    m_combo->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    quietWheel(m_combo);
    name->setBuddy(m_combo);
    m_summary = new QLabel(this);
    m_summary->setWordWrap(true);
    setRole(m_summary, "caption");

    m_custom = new QWidget(this);
    m_editor = new QPlainTextEdit(m_custom);
    m_editor->setAccessibleName(tr("Choices of a custom tree"));
    m_editor->setToolTip(tr(
        "<qt>One path of ranks per node, from 0: [[0], [0, 0], [1]] is the first guess of head 1, "
        "below it the first guess of head 2, and the second guess of head 1.</qt>"));
    m_editor->setPlaceholderText(QStringLiteral("[[0], [0, 0], [1]]"));
    m_editor->setFont(monoFont(12));
    m_editor->setTabChangesFocus(true);
    m_editor->setFixedHeight(84);
    m_use = new QPushButton(tr("Use these choices"), m_custom);
    m_use->setAccessibleName(m_use->text());
    m_use->setToolTip(tr("Checks the text and makes the next step use it"));
    m_error = new QLabel(m_custom);
    m_error->setAccessibleName(tr("What is wrong with the choices"));
    m_error->setWordWrap(true);
    setRole(m_error, "warning");
    auto* custom = new QGridLayout(m_custom);
    custom->setContentsMargins(0, 4, 0, 0);
    custom->addWidget(m_editor, 0, 0, 1, 2);
    custom->addWidget(m_error, 1, 0, Qt::AlignTop);
    custom->addWidget(m_use, 1, 1, Qt::AlignTop);
    custom->setColumnStretch(0, 1);

    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(Theme::kGap);
    grid->setVerticalSpacing(2);
    grid->addWidget(name, 0, 0);
    grid->addWidget(m_combo, 0, 1);
    grid->addWidget(m_summary, 1, 0, 1, 2);
    grid->addWidget(m_custom, 2, 0, 1, 2);
    grid->setColumnStretch(1, 1);

    connect(m_combo, &QComboBox::activated, this, &TreePicker::choose);
    connect(
        m_use, &QPushButton::clicked, this, [this] { emit textEntered(m_editor->toPlainText()); });
    openEditor(false);
    setTrees({});
}

void TreePicker::setTrees(const QVector<TreeSpec>& trees)
{
    m_trees = trees;
    if (!m_trees.contains(TreeSpec{}))
        m_trees.append(TreeSpec{});
    setTree(m_tree);
}

void TreePicker::setTree(const TreeSpec& tree)
{
    m_tree = tree;
    // A tree that is refined while text is made stays one entry.
    const auto same = std::find_if(m_trees.begin(), m_trees.end(),
        [&](const TreeSpec& each) { return each.name == tree.name && tree.name == kAutoTree; });
    if (same != m_trees.end())
        *same = tree;
    else if (!m_trees.contains(tree))
        m_trees.append(tree);
    fillCombo();
    openEditor(false);
}

void TreePicker::refine(const TreeSpec& tree)
{
    for (TreeSpec& each : m_trees)
        if (each.name == tree.name)
            each = tree;
    m_tree = tree;
    if (m_why.isEmpty())
        m_summary->setText(summary());
}

void TreePicker::fillCombo()
{
    const QSignalBlocker quiet(m_combo);
    m_combo->clear();
    for (const TreeSpec& tree : m_trees)
        addTree(tree);
    m_combo->insertSeparator(m_combo->count());
    m_combo->addItem(tr("Find the fastest here…"));
    m_combo->addItem(tr("Custom choices…"));
    m_combo->setCurrentIndex(int(m_trees.indexOf(m_tree)));
    showTip();
    m_summary->setText(m_why.isEmpty() ? summary() : m_why);
}

/// A tree that came as a file beside the heads is theirs: the default.
void TreePicker::addTree(const TreeSpec& tree)
{
    const QString name = QString::fromStdString(tree.name);
    if (tree.name == kAutoTree) {
        m_combo->addItem(tr("auto: the fastest here"));
    } else if (tree.choices.empty()) {
        m_combo->addItem(tr("none: plain decoding"));
    } else if (name.endsWith(QLatin1String(".json"))) {
        m_combo->addItem(tr("default"));
        m_combo->setItemData(
            m_combo->count() - 1, tr("From %1, beside the heads").arg(name), Qt::ToolTipRole);
    } else {
        m_combo->addItem(name);
    }
}

void TreePicker::showTip()
{
    QString tip = m_why;
    if (tip.isEmpty()) {
        tip = tr("Which guesses of which head stand where. More nodes: longer runs, slower steps.");
        const QString file = m_combo->currentData(Qt::ToolTipRole).toString();
        if (!file.isEmpty())
            tip = QStringLiteral("%1. %2").arg(file, tip);
    }
    m_combo->setToolTip(QStringLiteral("<qt>%1</qt>").arg(tip.toHtmlEscaped()));
    m_combo->setAccessibleDescription(tip);
}

QString TreePicker::summary() const
{
    if (m_tree.choices.empty())
        return m_tree.name == kAutoTree
            ? tr("No tree pays here at the moment: every step makes one token.")
            : tr("Every step makes one token.");
    std::vector<int> levels;
    for (const Choice& choice : m_tree.choices) {
        if (choice.size() > levels.size())
            levels.resize(choice.size());
        if (!choice.empty())
            ++levels[choice.size() - 1];
    }
    QStringList widths;
    for (const int width : levels)
        widths.append(QString::number(width));
    return tr("%1 nodes with the root; guesses per level: %2.")
        .arg(m_tree.choices.size() + 1)
        .arg(widths.join(QStringLiteral(", ")));
}

void TreePicker::choose(int index)
{
    const int past_separator = index - int(m_trees.size()) - 1;
    if (past_separator == 0) {
        openEditor(false);
        m_summary->setText(tr("Counting how often the heads are right and timing trees…"));
        emit fastestRequested();
        return;
    }
    if (past_separator == 1) {
        openEditor(true);
        m_editor->setFocus();
        return;
    }
    if (index < 0 || index >= int(m_trees.size()))
        return;
    openEditor(false);
    m_tree = m_trees[index];
    m_summary->setText(summary());
    showTip();
    emit treeChosen(m_tree);
}

void TreePicker::openEditor(bool open)
{
    m_custom->setVisible(open);
    setError(QString());
}

void TreePicker::setError(const QString& error)
{
    m_error->setText(error);
    if (!error.isEmpty())
        m_custom->show();
}

QString TreePicker::error() const
{
    return m_error->text();
}

void TreePicker::setUnavailable(const QString& why)
{
    m_why = why;
    m_combo->setEnabled(why.isEmpty());
    if (!why.isEmpty())
        openEditor(false);
    m_summary->setText(why.isEmpty() ? summary() : why);
    showTip();
}

} // namespace gorgon
