// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/installed_table.h"

#include "ui/models/hub_words.h"
#include "ui/theme/theme.h"

#include <QDateTime>
#include <QLocale>

namespace gorgon {

namespace {

QString usedWords(qint64 used_s)
{
    if (used_s <= 0)
        return {};
    const QDate date = QDateTime::fromSecsSinceEpoch(used_s).date();
    const qint64 days = date.daysTo(QDate::currentDate());
    if (days <= 0)
        return QObject::tr("today");
    return days == 1 ? QObject::tr("yesterday") : QLocale().toString(date, QLocale::ShortFormat);
}

QString plainKind(const InstalledEntry& entry)
{
    if (!entry.problem.isEmpty() && !entry.is_model && !entry.is_heads)
        return entry.partial_bytes > 0 ? QObject::tr("not complete") : QObject::tr("not usable");
    if (entry.is_model)
        return entry.is_heads ? QObject::tr("model with heads") : QObject::tr("model");
    return QObject::tr("heads");
}

QString kindWords(const InstalledEntry& entry)
{
    return entry.is_linked ? QObject::tr("%1, linked").arg(plainKind(entry)) : plainKind(entry);
}

QString tipOf(const InstalledEntry& entry)
{
    QStringList lines{entry.is_linked ? entry.folder : QString(), entry.words, entry.problem};
    if (entry.listed_bytes > entry.bytes)
        lines << QObject::tr("Its revisions hold %1 and share %2 of it.")
                     .arg(sizeWords(entry.listed_bytes),
                         sizeWords(entry.listed_bytes - entry.bytes));
    if (entry.partial_bytes > 0)
        lines << QObject::tr("%1 of an unfinished download.").arg(sizeWords(entry.partial_bytes));
    lines.removeAll(QString());
    return lines.join(QLatin1Char('\n'));
}

} // namespace

int InstalledTable::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_entries.size());
}

int InstalledTable::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : n_columns;
}

QVariant InstalledTable::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const InstalledEntry& entry = m_entries[index.row()];
    const auto check = m_checks.value(entry.repository);
    const bool number = index.column() == size_column;
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case name_column:
            return shortName(entry.repository);
        case kind_column:
            return kindWords(entry);
        case size_column:
            return sizeWords(entry.bytes + entry.partial_bytes);
        case used_column:
            return usedWords(entry.used_s);
        default:
            return check.first;
        }
    case Qt::ToolTipRole:
        return plainTip(tipOf(entry));
    case Qt::TextAlignmentRole:
        return int(Qt::AlignVCenter | (number ? Qt::AlignRight : Qt::AlignLeft));
    case Qt::FontRole:
        return number ? QVariant(monoFont(12)) : QVariant();
    case Qt::ForegroundRole:
        if (index.column() == check_column && check.second)
            return theme().warning;
        return index.column() == name_column ? QVariant() : QVariant(theme().muted);
    default:
        return {};
    }
}

QVariant InstalledTable::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter | (section == size_column ? Qt::AlignRight : Qt::AlignLeft));
    if (role != Qt::DisplayRole)
        return {};
    const QString names[] = {tr("Name"), tr("Kind"), tr("Size"), tr("Last used"), tr("Check")};
    return section >= 0 && section < n_columns ? names[section] : QString();
}

void InstalledTable::setEntries(const QVector<InstalledEntry>& entries)
{
    if (entries == m_entries)
        return;
    beginResetModel();
    m_entries = entries;
    endResetModel();
}

int InstalledTable::rowOf(const QString& repository) const
{
    for (int row = 0; row < m_entries.size(); ++row) {
        if (m_entries[row].repository == repository)
            return row;
    }
    return -1;
}

void InstalledTable::setCheck(const QString& repository, const QString& words, bool is_bad)
{
    m_checks[repository] = {words, is_bad};
    if (const int row = rowOf(repository); row >= 0)
        emit dataChanged(index(row, check_column), index(row, check_column));
}

} // namespace gorgon
