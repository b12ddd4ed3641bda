// SPDX-License-Identifier: GPL-3.0-or-later
// All keys of the window, taken from its actions, so that the sheet cannot disagree with them.
#pragma once

#include <QDialog>

class QAction;

namespace gorgon {

class ShortcutSheet : public QDialog
{
    Q_OBJECT

public:
    explicit ShortcutSheet(const QList<QAction*>& actions, QWidget* parent = nullptr);
};

} // namespace gorgon
