// SPDX-License-Identifier: GPL-3.0-or-later
// The last steps, newest in the last row: what the tree, the strip and the plots show.
#pragma once

#include <deque>
#include <vector>

#include <QAbstractTableModel>
#include <QElapsedTimer>
#include <QHash>

#include "ui/tree/head_accuracy.h"
#include "ui/tree/step_view.h"

namespace gorgon {

/// A place on the time axis of the plots: after the step with this serial number.
struct HistoryFlag
{
    qint64 serial = 0;
    double seconds = 0;
    QString text;
};

/// A stretch of reading the prompt.
struct PromptSpan
{
    double begin_s = 0;
    double end_s = 0;
};

/// Rows are steps. A step keeps its serial number while rows before it are dropped; labels are
/// stored once per distinct text. Time is the engine's own: the sum of step times and of prompt
/// reading.
class StepHistory : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column
    {
        step_column,
        text_column,
        accepted_column,
        emitted_column,
        time_column,
        rate_column,
        column_count,
    };

    static constexpr int kCapacity = 10000;

    explicit StepHistory(QObject* parent = nullptr, int capacity = kCapacity);

    void append(const StepView& view);
    void append(const StepViewPtr& view) { append(*view); }
    void clear();

    /// Bracket the reading of a prompt; endPrompt may pass the engine's own figure.
    void beginPrompt();
    void endPrompt(double ms = -1);
    bool readingPrompt() const { return m_prompt_clock.isValid(); }

    /// A flag for the plots: settings changed before the coming step.
    void markSettingsChanged(const QString& what);

    int count() const { return int(m_entries.size()); }
    bool isEmpty() const { return m_entries.empty(); }
    qint64 firstSerial() const { return m_first_serial; }
    qint64 baseSerial() const { return m_base_serial; } // of the first step since clear()
    qint64 serialOf(int row) const { return m_first_serial + row; }
    int rowOf(qint64 serial) const; // -1: dropped or not yet there
    int rowOf(qint64 message_id, int step_index) const; // -1: not here

    StepView at(int row) const; // precondition: 0 <= row < count()
    const DecodeStep& stepAt(int row) const { return m_entries[size_t(row)].step; }
    double secondsAt(int row) const { return m_entries[size_t(row)].end_s; } // when the step ended
    double seconds() const { return m_seconds; }
    qint64 messageAt(int row) const { return m_entries[size_t(row)].message_id; }

    const HeadAccuracy& accuracy() const { return m_accuracy; }
    const std::vector<HistoryFlag>& flags() const { return m_flags; }
    const std::vector<PromptSpan>& prompts() const { return m_prompts; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

signals:
    void stepAppended(qint64 serial);
    void flagAdded();
    void promptReadingChanged(bool reading);
    void cleared();

private:
    struct Entry
    {
        DecodeStep step;
        std::vector<int> labels; // numbers in m_labels: nodes, choices, emitted, next root
        int n_node_labels = 0;
        int n_choice_labels = 0;
        double tokens_per_second = 0;
        double end_s = 0;
        qint64 message_id = -1;
    };
    int labelNumber(const QString& label);
    void dropOldest();

    int m_capacity;
    std::deque<Entry> m_entries;
    qint64 m_first_serial = 0;
    qint64 m_base_serial = 0;
    double m_seconds = 0;
    HeadAccuracy m_accuracy;
    QHash<QString, int> m_label_numbers;
    QStringList m_labels;
    std::vector<HistoryFlag> m_flags;
    std::vector<PromptSpan> m_prompts;
    QElapsedTimer m_prompt_clock;
};

} // namespace gorgon
