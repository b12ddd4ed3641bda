// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/discover_model.h"
#include "ui/models/hub_words.h"

namespace gorgon {

namespace {

QString spoken(const PairEntry& entry)
{
    QStringList parts{entry.title, entry.names()};
    for (const Badge& badge : entry.badges)
        parts << QStringLiteral("%1: %2").arg(badge.name, badge.text);
    if (!entry.problem.isEmpty())
        parts << entry.problem;
    return parts.join(QStringLiteral(", "));
}

QString tipOf(const PairEntry& entry)
{
    QStringList lines;
    for (const Badge& badge : entry.badges)
        lines << QStringLiteral("%1: %2").arg(
            badge.name, badge.tip.isEmpty() ? badge.text : badge.tip);
    return lines.join(QLatin1Char('\n'));
}

} // namespace

int DiscoverModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_entries.size());
}

QVariant DiscoverModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const PairEntry& entry = m_entries[index.row()];
    switch (role) {
    case Qt::DisplayRole:
        return entry.title;
    case Qt::ToolTipRole:
        return plainTip(tipOf(entry));
    case Qt::AccessibleTextRole:
        return spoken(entry);
    case entry_role:
        return QVariant::fromValue(entry);
    default:
        return {};
    }
}

void DiscoverModel::setEntries(const QVector<PairEntry>& entries)
{
    beginResetModel();
    m_entries = entries;
    endResetModel();
}

void DiscoverModel::addEntries(const QVector<PairEntry>& entries)
{
    if (entries.isEmpty())
        return;
    const int first = int(m_entries.size());
    beginInsertRows({}, first, first + int(entries.size()) - 1);
    m_entries += entries;
    endInsertRows();
}

void DiscoverModel::update(const QString& key, const PairEntry& entry)
{
    const int row = rowOf(key);
    if (row < 0 || m_entries[row] == entry)
        return;
    m_entries[row] = entry;
    emit dataChanged(index(row), index(row));
}

int DiscoverModel::rowOf(const QString& key) const
{
    for (int row = 0; row < m_entries.size(); ++row) {
        if (m_entries[row].key() == key)
            return row;
    }
    return -1;
}

} // namespace gorgon
