// SPDX-License-Identifier: GPL-3.0-or-later
// Pairs of the catalogue, then what a search found.
#pragma once

#include "ui/models/hub_values.h"

#include <QAbstractListModel>

namespace gorgon {

class DiscoverModel : public QAbstractListModel
{
    Q_OBJECT

public:
    static constexpr int entry_role = Qt::UserRole;

    using QAbstractListModel::QAbstractListModel;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;

    void setEntries(const QVector<PairEntry>& entries);
    void addEntries(const QVector<PairEntry>& entries);
    /// Replaces the one that has this key; its place stays.
    void update(const QString& key, const PairEntry& entry);
    int rowOf(const QString& key) const; // -1: none
    const PairEntry& at(int row) const { return m_entries[row]; }

private:
    QVector<PairEntry> m_entries;
};

} // namespace gorgon
