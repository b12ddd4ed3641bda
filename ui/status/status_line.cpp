// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/status/status_line.h"

#include "ui/chat/visible_text.h"
#include "ui/theme/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>

namespace gorgon {

QString statusWords(const EngineStatus& status)
{
    using Phase = EngineStatus::Phase;
    switch (status.phase) {
    case Phase::no_model:
        return QObject::tr("No model");
    case Phase::loading:
        return QObject::tr("Loading model %1 %").arg(status.done);
    case Phase::ready:
        return QObject::tr("Ready");
    case Phase::reading_prompt:
        return QObject::tr("Reading prompt %1 of %2")
            .arg(groupedNumber(status.done), groupedNumber(status.total));
    case Phase::generating:
        return QObject::tr("Generating");
    case Phase::stopping:
        return QObject::tr("Stopping");
    case Phase::stopped:
        return QObject::tr("Stopped");
    case Phase::failed:
        return QObject::tr("Failed");
    }
    return {};
}

StatusLine::StatusLine(QWidget* parent)
    : QWidget(parent)
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 0, 16, 0);
    row->setSpacing(24);
    m_state = add(tr("Engine"), false);
    m_medusa = add(tr("Medusa"), false);
    row->addStretch(1);
    m_speed = add(tr("Speed"), true);
    m_per_step = add(tr("Tokens per step"), true);
    m_context = add(tr("Context in use"), true);
    m_memory = add(tr("Memory"), true);
    m_device = add(tr("Device"), false);
    setFixedHeight(28);
}

QLabel* StatusLine::add(const QString& name, bool number)
{
    auto* label = new QLabel;
    label->setTextFormat(Qt::PlainText);
    label->setAccessibleName(name);
    label->setFont(uiFont(12));
    setRole(label, "muted");
    if (number)
        label->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    layout()->addWidget(label);
    return label;
}

void StatusLine::setStatus(const EngineStatus& status)
{
    m_state->setText(statusWords(status));
    setRole(m_state, status.phase == EngineStatus::Phase::failed ? "warning" : "muted");
}

void StatusLine::setMedusa(const QString& words)
{
    m_medusa->setText(words);
}

void StatusLine::setDevice(const QString& device)
{
    m_device->setText(device);
}

// Numbers keep the widest place they have had, so that nothing beside them jumps.
void StatusLine::setSpeed(const MessageStats& stats)
{
    const auto show = [](QLabel* label, const QString& words) {
        label->setText(words);
        if (!words.isEmpty())
            label->setMinimumWidth(qMax(label->minimumWidth(), label->sizeHint().width()));
    };
    if (stats.steps == 0 || stats.decode_ms <= 0) {
        m_speed->clear();
        m_per_step->clear();
        return;
    }
    show(m_speed,
        tr("%1 tokens/s").arg(groupedNumber(qRound64(stats.new_tokens / stats.decode_ms * 1e3))));
    show(m_per_step,
        tr("%1 tokens per step").arg(double(stats.new_tokens) / stats.steps, 0, 'f', 1));
}

void StatusLine::setContext(int used, int size)
{
    m_context->setText(size > 0
            ? tr("Context %1 of %2").arg(groupedNumber(used), groupedNumber(size))
            : QString());
}

void StatusLine::setMemory(qint64 bytes)
{
    m_memory->setText(bytes > 0 ? tr("Memory %1").arg(memoryWords(bytes)) : QString());
}

QString StatusLine::text() const
{
    QStringList words;
    for (const QLabel* label :
        {m_state, m_medusa, m_speed, m_per_step, m_context, m_memory, m_device}) {
        if (!label->text().isEmpty())
            words << label->text();
    }
    return words.join(QStringLiteral(". "));
}

void StatusLine::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(QRectF(0, 0, width(), theme().hairline_width), theme().hairline);
}

} // namespace gorgon
