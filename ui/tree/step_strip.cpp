// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tree/step_strip.h"

#include <algorithm>

#include <QHelpEvent>
#include <QKeyEvent>
#include <QLocale>
#include <QPainter>
#include <QToolTip>

#include "ui/theme/theme.h"
#include "ui/tree/step_words.h"

namespace gorgon {
namespace {

constexpr int kBars = 36; // height of the columns
constexpr int kMinPitch = 3;
constexpr int kMaxPitch = 6;

} // namespace

StepStrip::StepStrip(QWidget* parent)
    : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setFont(uiFont(Theme::kCaption));
    setAccessibleName(tr("Last steps"));
    updateAccessible();
}

void StepStrip::setHistory(StepHistory* history)
{
    m_history = history;
    updateAccessible();
    update();
}

void StepStrip::setCurrent(qint64 serial, bool held)
{
    m_serial = serial;
    m_held = held;
    updateAccessible();
    update();
}

void StepStrip::setSampling(int steps)
{
    m_sampling = steps;
    updateAccessible();
    update();
}

int StepStrip::columnPitch() const
{
    return std::clamp(width() / kSteps, kMinPitch, kMaxPitch);
}

int StepStrip::firstRow() const
{
    if (!m_history)
        return 0;
    const int fitting = std::clamp(width() / columnPitch(), 1, kSteps);
    // A held step that has moved out of the last ones stays in sight.
    const int newest = std::max(m_history->count() - fitting, 0);
    const int held = m_held ? m_history->rowOf(m_serial) : -1;
    return held >= 0 ? std::min(newest, std::max(held - fitting / 8, 0)) : newest;
}

int StepStrip::shownSteps() const
{
    const int fitting = std::clamp(width() / columnPitch(), 1, kSteps);
    return m_history ? std::min(m_history->count() - firstRow(), fitting) : 0;
}

QRectF StepStrip::columnRect(qint64 serial) const
{
    const int row = m_history ? m_history->rowOf(serial) : -1;
    const int place = row - firstRow();
    if (row < 0 || place < 0 || place >= shownSteps())
        return {};
    const DecodeStep& step = m_history->stepAt(row);
    const int depth = std::max(draftDepth(step), 1);
    const qreal height = 3 + (kBars - 3) * std::min(1.0, double(step.accept_length) / depth);
    const int pitch = columnPitch();
    return QRectF(place * pitch, 1 + kBars - height, pitch - (pitch > 3 ? 2 : 1), height);
}

qint64 StepStrip::serialAt(double x) const
{
    const int n = shownSteps();
    if (n == 0)
        return -1;
    const int place = std::clamp(int(x / columnPitch()), 0, n - 1);
    return m_history->serialOf(firstRow() + place);
}

void StepStrip::paintEvent(QPaintEvent*)
{
    const Theme& t = theme();
    QPainter painter(this);
    painter.setPen(Qt::NoPen);
    const int n = shownSteps();
    const QColor quiet = blend(t.muted, t.panel, t.high_contrast ? 1 : 0.55);
    for (int i = 0; i < n; ++i) {
        const qint64 serial = m_history->serialOf(firstRow() + i);
        const QRectF rect = columnRect(serial);
        if (serial == m_serial) { // by shape as well as by hue: a foot under the column
            painter.fillRect(QRectF(rect.left(), kBars + 3, rect.width(), 2), t.accent);
            painter.fillRect(rect, t.accent);
        } else {
            painter.fillRect(rect, quiet);
        }
    }
    painter.setPen(QPen(t.hairline, 1));
    if (n == 0)
        painter.drawLine(0, kBars, width(), kBars);
    const QRectF caption(0, kBars + 8, width(), 18);
    const QString state = stateWords();
    const qreal state_width = QFontMetricsF(font()).horizontalAdvance(state) + 12;
    const QString left = n == 0 ? tr("steps appear here")
        : m_held                ? tr("End goes back to live; arrow keys go from step to step")
        : n == 1                ? tr("1 step; Space holds the view")
                 : tr("last %1 steps; arrow keys go through them, Space holds the view").arg(n);
    painter.setFont(font());
    painter.setPen(t.muted);
    painter.drawText(caption, int(Qt::AlignLeft | Qt::AlignVCenter),
        QFontMetricsF(font()).elidedText(left, Qt::ElideRight, caption.width() - state_width));
    painter.setPen(m_held ? t.accent : t.muted);
    painter.drawText(caption, int(Qt::AlignRight | Qt::AlignVCenter), state);
    if (hasFocus()) {
        painter.setPen(QPen(t.accent, 1.5));
        painter.drawLine(0, height() - 1, width(), height() - 1);
    }
}

QString StepStrip::stateWords() const
{
    if (!m_history || m_history->isEmpty())
        return QString();
    const int row = m_history->rowOf(m_serial);
    if (!m_held || row < 0)
        return m_sampling > 1 ? tr("live, showing 1 of %1 steps").arg(m_sampling) : tr("live");
    return tr("held at step %1").arg(QLocale().toString(m_history->stepAt(row).index + 1));
}

void StepStrip::updateAccessible()
{
    setAccessibleDescription(
        tr("Steps shown: %1, %2. Left and right arrow go from step to step, Home to "
           "the oldest, End to the newest.")
            .arg(shownSteps())
            .arg(stateWords()));
}

void StepStrip::mousePressEvent(QMouseEvent* event)
{
    const qint64 serial = serialAt(event->position().x());
    if (event->button() == Qt::LeftButton && serial >= 0)
        emit serialChosen(serial);
}

void StepStrip::mouseMoveEvent(QMouseEvent* event)
{
    const qint64 serial = serialAt(event->position().x());
    if ((event->buttons() & Qt::LeftButton) && serial >= 0 && serial != m_serial)
        emit serialChosen(serial);
}

void StepStrip::keyPressEvent(QKeyEvent* event)
{
    event->ignore(); // the panel scrubs
}

bool StepStrip::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const qint64 serial = serialAt(help->pos().x());
    const int row = m_history ? m_history->rowOf(serial) : -1;
    if (row >= 0 && help->pos().y() <= kBars + 6 && help->pos().x() < shownSteps() * columnPitch())
    {
        const StepView view = m_history->at(row);
        QToolTip::showText(help->globalPos(),
            tr("%1: %2").arg(stepTitle(view.step), quoted(view.emitted_labels.join(QString()))),
            this);
    } else {
        QToolTip::hideText();
    }
    return true;
}

} // namespace gorgon
