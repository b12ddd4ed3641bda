// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/status/shortcut_sheet.h"

#include "ui/theme/theme.h"

#include <QAction>
#include <QDialogButtonBox>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace gorgon {

ShortcutSheet::ShortcutSheet(const QList<QAction*>& actions, QWidget* parent)
    : QDialog(parent)
{
    setWindowTitle(tr("Shortcuts"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(28, Theme::kEdge, 28, Theme::kEdge);
    column->setSpacing(Theme::kEdge);
    auto* title = new QLabel(tr("Shortcuts"));
    setRole(title, "title");
    column->addWidget(title);
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(40);
    grid->setVerticalSpacing(Theme::kInner);
    column->addLayout(grid);

    QList<std::pair<QString, QString>> rows{
        {tr("Send the message"), tr("Enter")}, {tr("New line in the message"), tr("Shift+Enter")}};
    for (const QAction* action : actions) {
        QStringList keys;
        for (const QKeySequence& key : action->shortcuts())
            keys << key.toString(QKeySequence::NativeText);
        if (!keys.isEmpty())
            rows.append({action->text(), keys.join(tr(" or "))});
    }
    rows.append({tr("Rename, delete a conversation in the list"), tr("F2, Del")});
    rows.append({tr("Hold the tree, walk through its steps"), tr("Space, arrows")});
    for (int i = 0; i < rows.size(); ++i) {
        auto* words = new QLabel(rows[i].first);
        auto* keys = new QLabel(rows[i].second);
        keys->setAlignment(Qt::AlignRight);
        setRole(keys, "muted");
        grid->addWidget(words, i, 0);
        grid->addWidget(keys, i, 1);
    }
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    column->addWidget(buttons);
}

} // namespace gorgon
