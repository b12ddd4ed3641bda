// SPDX-License-Identifier: GPL-3.0-or-later
// Models and heads in the cache that all of the hub's tools share.
#pragma once

#include "ui/models/hub_values.h"

#include <QAbstractTableModel>
#include <QHash>

namespace gorgon {

class InstalledTable : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column
    {
        name_column,
        kind_column,
        size_column,
        used_column,
        check_column,
        n_columns
    };

    using QAbstractTableModel::QAbstractTableModel;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    void setEntries(const QVector<InstalledEntry>& entries);
    const InstalledEntry& at(int row) const { return m_entries[row]; }
    int rowOf(const QString& repository) const; // -1: none
    /// "Verifying 43 %", "Sound", "2 files are damaged".
    void setCheck(const QString& repository, const QString& words, bool is_bad);
    QString check(const QString& repository) const { return m_checks.value(repository).first; }

private:
    QVector<InstalledEntry> m_entries;
    QHash<QString, std::pair<QString, bool>> m_checks;
};

} // namespace gorgon
