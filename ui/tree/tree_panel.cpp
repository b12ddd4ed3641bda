// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tree/tree_panel.h"

#include <QComboBox>
#include <QEvent>
#include <QKeyEvent>
#include <QLabel>
#include <QStackedWidget>
#include <QTimer>
#include <QToolButton>
#include <QTreeView>

#include <QResizeEvent>

#include "ui/theme/theme.h"
#include "ui/tree/candidate_tree_view.h"
#include "ui/tree/node_table_model.h"
#include "ui/tree/step_strip.h"
#include "ui/tree/step_words.h"
#include "ui/tree/tree_legend.h"

namespace gorgon {
namespace {

constexpr int kPictureMs = 1000 / 15;
constexpr int kSlowPictureMs = 5; // a slowed engine leaves time for each step
constexpr int kSlowPace = 40; // steps a second of which each is drawn
constexpr int kSamplingWordsMs = 800;

} // namespace

void TreePanel::setHistory(StepHistory* history)
{
    if (m_history)
        m_history->disconnect(this);
    m_history = history;
    m_held_serial = m_shown_serial = -1;
    m_strip->setHistory(history);
    if (history) {
        connect(history, &StepHistory::stepAppended, this, [this] {
            ++m_skipped;
            schedule();
        });
        connect(history, &StepHistory::cleared, this, [this] {
            m_shown_serial = -1;
            hold(false);
            refresh();
        });
    }
    refresh();
}

void TreePanel::setAbsence(TreeAbsence absence, const QString& why)
{
    m_absence = absence;
    m_absence_reason = why;
    refresh();
}

void TreePanel::setPace(int steps_per_second)
{
    m_pace = steps_per_second;
    int index = m_pace_box->findData(m_pace);
    if (index < 0) {
        m_pace_box->addItem(paceWords(m_pace), m_pace);
        index = m_pace_box->count() - 1;
    }
    m_pace_box->setCurrentIndex(index);
}

void TreePanel::schedule()
{
    if (isVisible() && !m_timer->isActive())
        m_timer->start(m_pace > 0 && m_pace <= kSlowPace ? kSlowPictureMs : kPictureMs);
}

void TreePanel::refresh()
{
    const int n = m_history ? m_history->count() : 0;
    if (n == 0) {
        m_held_serial = m_shown_serial = -1;
        m_view->clearStep();
        m_table_model->setStep({});
        showAbsence();
        m_strip->setCurrent(-1, false);
        return;
    }
    if (!isHeld())
        showRow(n - 1);
    else if (const int row = m_history->rowOf(m_held_serial); row >= 0)
        showRow(row);
    else // dropped from the history while held: the picture stays, the oldest step is the nearest
        m_held_serial = m_history->firstSerial();
    if (!isHeld() && m_skipped > 1) {
        m_strip->setSampling(m_skipped);
        m_sampling_timer->start(kSamplingWordsMs);
    }
    m_skipped = 0;
}

void TreePanel::showRow(int row)
{
    const StepView view = m_history->at(row);
    const qint64 serial = m_history->serialOf(row);
    const bool has_tree = view.step.nodes.size() > 1;
    const bool changed = serial != m_shown_serial;
    m_shown_serial = serial;
    m_view->setStep(view, m_history->accuracy());
    m_table_model->setStep(view);
    m_legend->setHasThreshold(hasThreshold(view.step));
    m_strip->setCurrent(serial, isHeld());
    m_summary = stepSummary(view.step);
    m_title = stepTitle(view.step);
    m_mode_label->setText(modeSummary(view.step));
    updateHeader();
    if (has_tree || m_absence == TreeAbsence::none)
        m_pages->setCurrentWidget(
            m_table_button->isChecked() ? static_cast<QWidget*>(m_table) : m_view);
    else
        showAbsence();
    m_legend->setVisible(m_pages->currentWidget() == m_view);
    m_table_button->setVisible(m_pages->currentWidget() != m_absence_page);
    if (changed)
        emit stepShown(view.message_id, view.step.index);
}

void TreePanel::updateHeader()
{
    // What does not fit is cut at a comma, not within a number.
    const int room = width() - 2 * Theme::kEdge - m_mode_label->sizeHint().width() - Theme::kGap;
    const QFontMetrics metrics(font());
    const int title
        = QFontMetrics(uiFont(Theme::kInterface, QFont::DemiBold)).horizontalAdvance(m_title) + 10;
    QString summary = m_summary;
    while (summary.contains(QLatin1Char(',')) && title + metrics.horizontalAdvance(summary) > room)
        summary.truncate(summary.lastIndexOf(QLatin1Char(',')));
    m_step_label->setText(
        QStringLiteral("<b>%1</b>&nbsp; %2").arg(m_title.toHtmlEscaped(), summary.toHtmlEscaped()));
    m_step_label->setToolTip(m_summary);
}

void TreePanel::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    if (!m_title.isEmpty())
        updateHeader();
    // A fixed number of lines, so that a longer sentence does not push the tree.
    const int lines = width() >= 560 ? 2 : 3;
    m_explanation->setFixedHeight(lines * QFontMetrics(m_explanation->font()).lineSpacing() + 2);
}

void TreePanel::showAbsence()
{
    QString title;
    QString more = m_absence_reason;
    switch (m_absence) {
    case TreeAbsence::no_model:
        title = tr("No model");
        if (more.isEmpty())
            more = tr("Load a model to see how it makes its text.");
        break;
    case TreeAbsence::no_heads:
        title = tr("Plain decoding: these weights have no heads");
        if (more.isEmpty())
            more = tr("Every step makes one token. With heads, each step guesses several tokens "
                      "and keeps "
                      "those that the model agrees with.");
        break;
    case TreeAbsence::heads_off:
        title = tr("Plain decoding: Medusa is off");
        break;
    case TreeAbsence::none:
        title = tr("No step yet");
        if (more.isEmpty())
            more = tr("Send a message: each step of the answer is drawn here while it is made.");
        break;
    }
    m_absence_title->setText(title);
    m_absence_words->setText(more);
    m_pages->setCurrentWidget(m_absence_page);
    m_legend->hide();
    m_table_button->hide();
    if (m_shown_serial < 0) {
        m_title.clear();
        m_step_label->clear();
        m_mode_label->clear();
    }
    m_explanation->clear();
}

void TreePanel::showSerial(qint64 serial)
{
    if (!m_history || m_history->isEmpty())
        return;
    const qint64 newest = m_history->serialOf(m_history->count() - 1);
    const bool was_held = isHeld();
    m_held_serial = qBound(m_history->firstSerial(), serial, newest);
    refresh();
    if (!was_held)
        emit heldChanged(true);
}

bool TreePanel::showStep(qint64 message_id, int step_index)
{
    const int row = m_history ? m_history->rowOf(message_id, step_index) : -1;
    if (row >= 0)
        showSerial(m_history->serialOf(row));
    return row >= 0;
}

void TreePanel::hold(bool held)
{
    if (held && m_shown_serial < 0)
        return;
    const bool changed = held != isHeld();
    m_held_serial = held ? m_shown_serial : -1;
    refresh();
    if (changed)
        emit heldChanged(isHeld());
}

void TreePanel::scrub(int steps)
{
    if (!m_history || m_history->isEmpty())
        return;
    const qint64 newest = m_history->serialOf(m_history->count() - 1);
    const qint64 wanted = m_shown_serial + steps;
    if (wanted > newest)
        goLive(); // beyond the newest: follow again
    else
        showSerial(wanted);
}

void TreePanel::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Left:
        return scrub(event->modifiers() & Qt::ShiftModifier ? -10 : -1);
    case Qt::Key_Right:
        return scrub(event->modifiers() & Qt::ShiftModifier ? 10 : 1);
    case Qt::Key_Home:
        return showSerial(m_history ? m_history->firstSerial() : -1);
    case Qt::Key_End:
        return goLive();
    case Qt::Key_Space:
        return hold(!isHeld());
    default:
        QWidget::keyPressEvent(event);
    }
}

void TreePanel::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    m_skipped = 0;
    refresh();
}

} // namespace gorgon
