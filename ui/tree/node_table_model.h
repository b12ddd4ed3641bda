// SPDX-License-Identifier: GPL-3.0-or-later
// The tree of one step as a table, for keyboards and screen readers.
#pragma once

#include <QAbstractTableModel>

#include "ui/tree/step_view.h"

namespace gorgon {

class NodeTableModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column
    {
        token_column,
        path_column, // ranks from the root
        head_column,
        draft_column,
        model_column,
        threshold_column,
        verdict_column,
        column_count,
    };

    using QAbstractTableModel::QAbstractTableModel;

    /// Keeps the rows where the number of nodes is the same, so that a selection stays.
    void setStep(const StepView& view);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString text(int node, int column) const;
    QString pathText(int node) const;

    StepView m_view;
};

} // namespace gorgon
