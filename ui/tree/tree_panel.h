// SPDX-License-Identifier: GPL-3.0-or-later
// The Tree tab: what happened in a step, in words, as a tree, and where it stands among the last
// steps.
#pragma once

#include <QPointer>
#include <QWidget>

#include "ui/tree/step_history.h"

class QComboBox;
class QLabel;
class QStackedWidget;
class QTimer;
class QToolButton;
class QTreeView;

namespace gorgon {

class CandidateTreeView;
class NodeTableModel;
class StepStrip;
class TreeLegend;

/// Why there is no tree to show.
enum class TreeAbsence
{
    none, // steps come with trees
    no_model,
    no_heads, // the weights have none
    heads_off, // Medusa is switched off; say why
};

/// "Full speed" for 0, "20 steps a second".
QString paceWords(int steps_per_second);

class TreePanel : public QWidget
{
    Q_OBJECT

public:
    explicit TreePanel(QWidget* parent = nullptr);

    /// Not owned. Null: nothing to show.
    void setHistory(StepHistory* history);

    void setAbsence(TreeAbsence absence, const QString& why = {});

    bool isHeld() const { return m_held_serial >= 0; }
    /// Steps a second at most; 0: full speed.
    void setPace(int steps_per_second);
    QComboBox* paceBox() const { return m_pace_box; }
    qint64 shownSerial() const { return m_shown_serial; } // -1: none
    CandidateTreeView* treeView() const { return m_view; }

public slots:
    /// Holds the view at a step; a serial that is gone shows the oldest.
    void showSerial(qint64 serial);
    /// Holds the view at a step of an answer; false: it is not in the history.
    bool showStep(qint64 message_id, int step_index);
    void hold(bool held); // Space
    void goLive() { hold(false); }

signals:
    void paceChosen(int steps_per_second);
    void heldChanged(bool held);
    void stepShown(qint64 message_id, int step_index);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    QLayout* buildHeader();
    QWidget* buildPages();
    void buildPace();
    void schedule();
    void refresh();
    void showRow(int row);
    void showAbsence();
    void updateHeader();
    void scrub(int steps);

    QPointer<StepHistory> m_history;
    CandidateTreeView* m_view = nullptr;
    NodeTableModel* m_table_model = nullptr;
    QTreeView* m_table = nullptr;
    QStackedWidget* m_pages = nullptr;
    StepStrip* m_strip = nullptr;
    TreeLegend* m_legend = nullptr;
    QLabel* m_step_label = nullptr;
    QLabel* m_mode_label = nullptr;
    QLabel* m_explanation = nullptr;
    QWidget* m_absence_page = nullptr;
    QLabel* m_absence_title = nullptr;
    QLabel* m_absence_words = nullptr;
    QToolButton* m_table_button = nullptr;
    QComboBox* m_pace_box = nullptr;
    QTimer* m_timer = nullptr; // at most 15 pictures a second, or one for each step when slowed
    int m_pace = 0; // steps a second; 0: full speed
    QTimer* m_sampling_timer = nullptr;
    QString m_title;
    QString m_summary;
    qint64 m_held_serial = -1;
    qint64 m_shown_serial = -1;
    int m_skipped = 0; // steps since the last picture
    TreeAbsence m_absence = TreeAbsence::no_model;
    QString m_absence_reason;
};

} // namespace gorgon
