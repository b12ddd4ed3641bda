// SPDX-License-Identifier: GPL-3.0-or-later
// Every request that the program made, the oldest first.
#pragma once

#include "ui/models/hub_values.h"

#include <QAbstractTableModel>

#include <deque>

namespace gorgon {

class RequestTable : public QAbstractTableModel
{
    Q_OBJECT

public:
    static constexpr int kMostRows = 5000; // the oldest give way
    enum Column
    {
        time_column,
        method_column,
        status_column,
        bytes_column,
        seconds_column,
        address_column,
        n_columns
    };

    using QAbstractTableModel::QAbstractTableModel;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    void add(const RequestEntry& entry);
    /// All of it, a line each, parted by tabs.
    QString text() const;

private:
    std::deque<RequestEntry> m_entries;
};

} // namespace gorgon
