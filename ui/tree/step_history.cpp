// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tree/step_history.h"

#include <algorithm>

#include "ui/tree/step_words.h"

namespace gorgon {

StepHistory::StepHistory(QObject* parent, int capacity)
    : QAbstractTableModel(parent)
    , m_capacity(std::max(capacity, 1))
{
}

int StepHistory::labelNumber(const QString& label)
{
    const auto found = m_label_numbers.constFind(label);
    if (found != m_label_numbers.constEnd())
        return *found;
    const int number = int(m_labels.size());
    m_labels.append(label);
    m_label_numbers.insert(label, number);
    return number;
}

void StepHistory::append(const StepView& view)
{
    if (count() >= m_capacity)
        dropOldest();
    Entry entry;
    entry.step = view.step;
    entry.n_node_labels = int(view.node_labels.size());
    entry.n_choice_labels = int(view.choice_labels.size());
    entry.labels.reserve(
        size_t(entry.n_node_labels + entry.n_choice_labels + view.emitted_labels.size() + 1));
    for (const QStringList* list : {&view.node_labels, &view.choice_labels, &view.emitted_labels})
        for (const QString& label : *list)
            entry.labels.push_back(labelNumber(label));
    entry.labels.push_back(labelNumber(view.next_root_label));
    entry.tokens_per_second = view.tokens_per_second;
    entry.message_id = view.message_id;
    m_seconds += std::max(view.step.times.total_us, 0.0) * 1e-6;
    entry.end_s = m_seconds;
    m_accuracy.add(view.step);

    const int row = count();
    beginInsertRows({}, row, row);
    m_entries.push_back(std::move(entry));
    endInsertRows();
    emit stepAppended(serialOf(row));
}

void StepHistory::dropOldest()
{
    // In blocks: views move their rows once per block, not once per step.
    const int n = std::min(count(), std::max(1, m_capacity / 64));
    beginRemoveRows({}, 0, n - 1);
    m_entries.erase(m_entries.begin(), m_entries.begin() + n);
    m_first_serial += n;
    endRemoveRows();
    const double begin_s = m_entries.empty() ? m_seconds : m_entries.front().end_s;
    std::erase_if(m_flags, [&](const HistoryFlag& flag) { return flag.serial < m_first_serial; });
    std::erase_if(m_prompts, [&](const PromptSpan& span) { return span.end_s < begin_s; });
}

StepView StepHistory::at(int row) const
{
    const Entry& entry = m_entries[size_t(row)];
    StepView view;
    view.step = entry.step;
    const int n = int(entry.labels.size());
    for (int i = 0; i + 1 < n; ++i) {
        QStringList& list = i < entry.n_node_labels           ? view.node_labels
            : i < entry.n_node_labels + entry.n_choice_labels ? view.choice_labels
                                                              : view.emitted_labels;
        list.append(m_labels[entry.labels[size_t(i)]]);
    }
    view.next_root_label = m_labels[entry.labels.back()];
    view.tokens_per_second = entry.tokens_per_second;
    view.message_id = entry.message_id;
    return view;
}

void StepHistory::clear()
{
    beginResetModel();
    m_first_serial += count(); // a serial number is never used twice
    m_base_serial = m_first_serial;
    m_entries.clear();
    m_seconds = 0;
    m_accuracy.clear();
    m_label_numbers.clear();
    m_labels.clear();
    m_flags.clear();
    m_prompts.clear();
    m_prompt_clock.invalidate();
    endResetModel();
    emit cleared();
}

void StepHistory::beginPrompt()
{
    m_prompt_clock.start();
    emit promptReadingChanged(true);
}

void StepHistory::endPrompt(double ms)
{
    if (!m_prompt_clock.isValid())
        return;
    const double seconds = (ms >= 0 ? ms : double(m_prompt_clock.elapsed())) * 1e-3;
    m_prompts.push_back({m_seconds, m_seconds + seconds});
    m_seconds += seconds;
    m_prompt_clock.invalidate();
    emit promptReadingChanged(false);
}

void StepHistory::markSettingsChanged(const QString& what)
{
    const qint64 serial = serialOf(count());
    if (!m_flags.empty() && m_flags.back().serial == serial)
        m_flags.back().text = what; // a slider on its way: one flag per step
    else
        m_flags.push_back({serial, m_seconds, what});
    emit flagAdded();
}

int StepHistory::rowOf(qint64 serial) const
{
    const qint64 row = serial - m_first_serial;
    return row >= 0 && row < count() ? int(row) : -1;
}

int StepHistory::rowOf(qint64 message_id, int step_index) const
{
    for (int row = count() - 1; row >= 0; --row) {
        const Entry& entry = m_entries[size_t(row)];
        if (entry.message_id == message_id && entry.step.index == step_index)
            return row;
    }
    return -1;
}

int StepHistory::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : count();
}

int StepHistory::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : column_count;
}

QVariant StepHistory::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    if (role == Qt::TextAlignmentRole)
        return int(
            Qt::AlignVCenter | (index.column() == text_column ? Qt::AlignLeft : Qt::AlignRight));
    if (role != Qt::DisplayRole && role != Qt::AccessibleTextRole)
        return {};
    const Entry& entry = m_entries[size_t(index.row())];
    switch (index.column()) {
    case step_column:
        return entry.step.index + 1;
    case text_column:
        return at(index.row()).emitted_labels.join(QString());
    case accepted_column:
        return entry.step.accept_length;
    case emitted_column:
        return int(entry.step.tokens.size());
    case time_column:
        return millisecondsText(entry.step.times.total_us);
    default:
        return entry.tokens_per_second > 0 ? QString::number(entry.tokens_per_second, 'f', 0)
                                           : QString();
    }
}

QVariant StepHistory::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole || section < 0
        || section >= column_count)
        return {};
    const QString names[]
        = {tr("Step"), tr("Text"), tr("Accepted"), tr("Tokens"), tr("Time"), tr("Tokens/s")};
    return names[section];
}

} // namespace gorgon
