// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/request_table.h"

#include "ui/models/hub_words.h"
#include "ui/theme/theme.h"

#include <QDateTime>

namespace gorgon {

namespace {

QString cell(const RequestEntry& entry, int column)
{
    switch (column) {
    case RequestTable::time_column:
        return QDateTime::fromMSecsSinceEpoch(entry.time_ms).toString(QStringLiteral("HH:mm:ss"));
    case RequestTable::method_column:
        return entry.method;
    case RequestTable::status_column:
        return entry.status == 0 ? QObject::tr("none") : QString::number(entry.status);
    case RequestTable::bytes_column:
        return sizeWords(entry.bytes);
    case RequestTable::seconds_column:
        return QStringLiteral("%1 s").arg(entry.seconds, 0, 'f', 2);
    case RequestTable::address_column:
        return entry.range.isEmpty() ? entry.address
                                     : QStringLiteral("%1  (%2)").arg(entry.address, entry.range);
    default:
        return {};
    }
}

bool isNumber(int column)
{
    return column == RequestTable::bytes_column || column == RequestTable::seconds_column
        || column == RequestTable::status_column;
}

} // namespace

int RequestTable::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_entries.size());
}

int RequestTable::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : n_columns;
}

QVariant RequestTable::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const RequestEntry& entry = m_entries[size_t(index.row())];
    const bool failed = entry.status == 0 || entry.status >= 400;
    switch (role) {
    case Qt::DisplayRole:
        return cell(entry, index.column());
    case Qt::ToolTipRole:
        return plainTip(entry.error.isEmpty() ? entry.address : entry.error);
    case Qt::TextAlignmentRole:
        return int(Qt::AlignVCenter | (isNumber(index.column()) ? Qt::AlignRight : Qt::AlignLeft));
    case Qt::FontRole:
        return index.column() == address_column ? QVariant() : QVariant(monoFont(12));
    case Qt::ForegroundRole:
        return failed && index.column() == status_column ? QVariant(theme().warning) : QVariant();
    default:
        return {};
    }
}

QVariant RequestTable::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter | (isNumber(section) ? Qt::AlignRight : Qt::AlignLeft));
    const QString names[]
        = {tr("Time"), tr("Method"), tr("Status"), tr("Bytes"), tr("Took"), tr("Address")};
    return role == Qt::DisplayRole && section >= 0 && section < n_columns ? QVariant(names[section])
                                                                          : QVariant();
}

void RequestTable::add(const RequestEntry& entry)
{
    if (rowCount() >= kMostRows) {
        beginRemoveRows({}, 0, 0);
        m_entries.pop_front();
        endRemoveRows();
    }
    beginInsertRows({}, rowCount(), rowCount());
    m_entries.push_back(entry);
    endInsertRows();
}

QString RequestTable::text() const
{
    QString all = QStringLiteral("time\tmethod\tstatus\tbytes\tseconds\taddress\trange\terror\n");
    for (const RequestEntry& entry : m_entries)
        all += QStringLiteral("%1\t%2\t%3\t%4\t%5\t%6\t%7\t%8\n")
                   .arg(QDateTime::fromMSecsSinceEpoch(entry.time_ms).toString(Qt::ISODateWithMs),
                       entry.method)
                   .arg(entry.status)
                   .arg(entry.bytes)
                   .arg(entry.seconds, 0, 'f', 3)
                   .arg(entry.address, entry.range, entry.error);
    return all;
}

} // namespace gorgon
