// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/status/status_line.h"

#include "ui/chat/visible_text.h"
#include "ui/theme/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>

namespace gorgon {

namespace {

constexpr int kSide = 16;
constexpr int kBetween = 24;
constexpr int kLeastWords = 48;

} // namespace

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
    row->setContentsMargins(kSide, 0, kSide, 0);
    row->setSpacing(kBetween);
    m_state = add(tr("Engine"), false);
    m_medusa = add(tr("Medusa"), false);
    row->addStretch(1);
    m_downloads = new QPushButton;
    setRole(m_downloads, "flat");
    m_downloads->setAccessibleName(tr("Downloads"));
    m_downloads->setToolTip(tr("Shows the downloads"));
    m_downloads->setStyleSheet(QStringLiteral(
        "QPushButton { font-size: 12px; padding: 0 4px; border-width: 1px; min-height: 0; }"));
    m_downloads->hide();
    row->addWidget(m_downloads);
    connect(m_downloads, &QPushButton::clicked, this, &StatusLine::downloadsClicked);
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
    m_status = status;
    showState();
    setRole(m_state, status.phase == EngineStatus::Phase::failed ? "warning" : "muted");
}

void StatusLine::setPace(int steps_per_second)
{
    m_pace = steps_per_second;
    showState();
}

void StatusLine::showState()
{
    const bool slowed = m_pace > 0 && m_status.phase == EngineStatus::Phase::generating;
    m_state->setText(!slowed ? statusWords(m_status)
            : m_pace == 1    ? tr("Generating, slowed to 1 step a second")
                             : tr("Generating, slowed to %1 steps a second").arg(m_pace));
    fit();
}

void StatusLine::setMedusa(const QString& words)
{
    if (words == m_medusa_words)
        return;
    m_medusa_words = words;
    m_medusa->setToolTip(words);
    fit();
}

void StatusLine::setDevice(const QString& device)
{
    m_device->setText(device);
    fit();
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
        fit();
        return;
    }
    show(m_speed,
        tr("%1 tokens/s").arg(groupedNumber(qRound64(stats.new_tokens / stats.decode_ms * 1e3))));
    show(m_per_step,
        tr("%1 tokens per step").arg(double(stats.new_tokens) / stats.steps, 0, 'f', 1));
    fit();
}

void StatusLine::setContext(int used, int size)
{
    m_context->setText(size > 0 && used >= 0
            ? tr("Context %1 of %2").arg(groupedNumber(used), groupedNumber(size))
            : QString());
    fit();
}

void StatusLine::setMemory(qint64 bytes)
{
    m_memory->setText(bytes > 0 ? tr("Memory %1").arg(memoryWords(bytes)) : QString());
    fit();
}

void StatusLine::setDownloads(const QString& words)
{
    m_downloads->setText(words);
    m_downloads->setAccessibleName(words.isEmpty() ? tr("Downloads") : words);
    m_downloads->setVisible(!words.isEmpty());
    fit();
}

QString StatusLine::text() const
{
    QStringList words;
    for (const QLabel* label :
        {m_state, m_medusa, m_speed, m_per_step, m_context, m_memory, m_device}) {
        const QString whole = label == m_medusa ? m_medusa_words : label->text();
        if (!whole.isEmpty())
            words << whole;
    }
    if (!m_downloads->text().isEmpty())
        words << m_downloads->text();
    return words.join(QStringLiteral(". "));
}

void StatusLine::fit()
{
    const QFontMetrics metrics(m_medusa->font());
    const auto wide = [](const QLabel* label) {
        return kBetween + qMax(label->minimumWidth(), label->sizeHint().width());
    };
    int need = 2 * kSide + kBetween + metrics.horizontalAdvance(m_medusa_words);
    if (!m_downloads->text().isEmpty())
        need += kBetween + m_downloads->sizeHint().width();
    for (const QLabel* label : {m_state, m_speed, m_per_step, m_context, m_memory, m_device})
        need += label->text().isEmpty() ? 0 : wide(label);
    for (QLabel* label : {m_device, m_memory, m_per_step, m_context, m_speed}) {
        const bool has_words = !label->text().isEmpty();
        const bool fits = need <= width();
        label->setVisible(has_words && fits);
        if (has_words && !fits)
            need -= wide(label);
    }
    const int whole = metrics.horizontalAdvance(m_medusa_words) + 2;
    const int room = qMax(kLeastWords, whole - qMax(0, need - width()));
    m_medusa->setText(metrics.elidedText(m_medusa_words, Qt::ElideRight, room));
    m_medusa->setVisible(!m_medusa_words.isEmpty());
}

void StatusLine::resizeEvent(QResizeEvent*)
{
    fit();
}

void StatusLine::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(QRectF(0, 0, width(), theme().hairline_width), theme().hairline);
}

} // namespace gorgon
