// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tuning/value_row.h"

#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>

#include "ui/theme/theme.h"
#include "ui/tuning/quiet_wheel.h"

namespace gorgon {
namespace {

constexpr int kNameWidth = 136; // longer names take two lines
constexpr int kBoxWidth = 80;

} // namespace

ValueRow::ValueRow(const QString& name, const QString& explanation, Range range, QWidget* parent)
    : QWidget(parent)
    , m_explanation(explanation)
    , m_range(range)
{
    m_name = new QLabel(name, this);
    m_name->setFixedWidth(kNameWidth);
    m_name->setWordWrap(true);
    m_slider = new QSlider(Qt::Horizontal, this);
    m_slider->setAccessibleName(name);
    m_slider->setMinimumWidth(40);
    m_box = new QDoubleSpinBox(this);
    m_box->setAccessibleName(name);
    m_box->setDecimals(range.decimals);
    m_box->setSingleStep(range.step);
    m_box->setFont(monoFont());
    m_box->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_box->setFixedWidth(kBoxWidth);
    m_box->setKeyboardTracking(false);
    m_name->setBuddy(m_box);
    m_words_label = new QLabel(this);
    m_words_label->setWordWrap(true);
    setRole(m_words_label, "caption");
    quietWheel(m_slider);
    quietWheel(m_box);

    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(Theme::kGap);
    grid->setVerticalSpacing(2);
    grid->addWidget(m_name, 0, 0);
    grid->addWidget(m_slider, 0, 1);
    grid->addWidget(m_box, 0, 2);
    grid->addWidget(m_words_label, 1, 0, 1, 3);
    grid->setColumnStretch(1, 1);

    setRange(range.low, range.high);
    showWords();
    connect(m_slider, &QSlider::valueChanged, this, [this](int tick) {
        m_box->setValue(m_range.low + tick * m_range.step); // the box then reports
    });
    connect(m_box, &QDoubleSpinBox::valueChanged, this, [this](double number) {
        moveSlider();
        emit edited(number);
    });
}

double ValueRow::value() const
{
    return m_box->value();
}

void ValueRow::setValue(double number)
{
    const QSignalBlocker quiet(m_box);
    m_box->setValue(number);
    moveSlider();
}

void ValueRow::setRange(double low, double high)
{
    const QSignalBlocker quiet_box(m_box);
    const QSignalBlocker quiet_slider(m_slider);
    m_range.low = low;
    m_range.high = qMax(low, high);
    m_box->setRange(m_range.low, m_range.high);
    m_slider->setRange(0, qRound((m_range.high - m_range.low) / m_range.step));
    m_slider->setPageStep(qMax(1, m_slider->maximum() / 10));
    moveSlider();
}

void ValueRow::moveSlider()
{
    const QSignalBlocker quiet(m_slider);
    m_slider->setValue(qRound((m_box->value() - m_range.low) / m_range.step));
}

void ValueRow::setWords(const QString& words)
{
    m_words = words;
    showWords();
}

void ValueRow::setUnavailable(const QString& why, bool said_above)
{
    m_said_above = said_above;
    m_why = why;
    m_slider->setEnabled(why.isEmpty());
    m_box->setEnabled(why.isEmpty());
    m_name->setEnabled(why.isEmpty());
    showWords();
}

void ValueRow::showWords()
{
    const QString words = m_why.isEmpty() ? m_words : m_said_above ? QString() : m_why;
    m_words_label->setText(words);
    m_words_label->setVisible(!words.isEmpty());
    const QString tip
        = m_why.isEmpty() ? m_explanation : m_explanation + QStringLiteral("\n\n") + m_why;
    for (QWidget* widget : {static_cast<QWidget*>(m_name), static_cast<QWidget*>(m_slider),
             static_cast<QWidget*>(m_box)})
    {
        widget->setToolTip(
            QStringLiteral("<qt>%1</qt>")
                .arg(tip.toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>"))));
        widget->setAccessibleDescription(tip);
    }
}

} // namespace gorgon
