// SPDX-License-Identifier: GPL-3.0-or-later
// The log of what was sent: the promise of privacy, to be checked.
#pragma once

#include "ui/models/hub_values.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QTreeView;

namespace gorgon {

class RequestTable;

class RequestPage : public QWidget
{
    Q_OBJECT

public:
    explicit RequestPage(QWidget* parent = nullptr);

    RequestTable* table() const { return m_table; }

public slots:
    void add(const gorgon::RequestEntry& entry);

private:
    void save();

    RequestTable* m_table;
    QTreeView* m_view;
    QLabel* m_words;
    QPushButton* m_copy;
    QPushButton* m_save;
};

} // namespace gorgon
