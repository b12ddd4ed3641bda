// SPDX-License-Identifier: GPL-3.0-or-later
// The line above the tree's columns: which head, whether its first guess hit in this step, how
// often it does.
#pragma once

#include <vector>

#include <QWidget>

#include "ui/tree/head_accuracy.h"

namespace gorgon {

class CandidateTreeView;

class ColumnHeader : public QWidget
{
    Q_OBJECT

public:
    struct Column
    {
        Hit hit = Hit::unknown;
        double share = -1; // -1: nothing settled yet
        int guesses = 0;
    };
    static constexpr int kHeight = 36;

    explicit ColumnHeader(CandidateTreeView* view);

    void setColumns(std::vector<Column> columns); // by head; empty: no tree
    QString words(int head) const; // for tooltip and screen reader

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    CandidateTreeView* m_view;
    std::vector<Column> m_columns;
};

} // namespace gorgon
