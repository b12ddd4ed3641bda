// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tuning/segmented_buttons.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QToolButton>

#include "ui/theme/theme.h"

namespace gorgon {

SegmentedButtons::SegmentedButtons(
    const QString& name, const QList<Choice>& choices, QWidget* parent)
    : QWidget(parent)
    , m_group(new QButtonGroup(this))
    , m_choices(choices)
{
    setAccessibleName(name);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    for (int i = 0; i < choices.size(); ++i) {
        auto* button = new QToolButton(this);
        button->setText(choices[i].text);
        button->setCheckable(true);
        button->setChecked(i == 0);
        button->setFocusPolicy(i == 0 ? Qt::StrongFocus : Qt::ClickFocus);
        button->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
        button->setAccessibleName(QStringLiteral("%1: %2").arg(name, choices[i].text));
        button->setProperty("place",
            i == 0                        ? "first"
                : i + 1 == choices.size() ? "last"
                                          : "middle");
        setRole(button, "segment");
        m_group->addButton(button, i);
        row->addWidget(button);
    }
    setUnavailable(QString());
    connect(m_group, &QButtonGroup::idClicked, this, &SegmentedButtons::chosen);
    // Tab reaches the one that holds; arrows go on from there.
    connect(m_group, &QButtonGroup::idToggled, this, [this](int id, bool on) {
        m_group->button(id)->setFocusPolicy(on ? Qt::StrongFocus : Qt::ClickFocus);
    });
}

int SegmentedButtons::current() const
{
    return m_group->checkedId();
}

void SegmentedButtons::setCurrent(int index)
{
    if (QAbstractButton* button = m_group->button(index))
        button->setChecked(true);
}

void SegmentedButtons::setUnavailable(const QString& why)
{
    for (int i = 0; i < m_choices.size(); ++i) {
        QAbstractButton* button = m_group->button(i);
        button->setEnabled(why.isEmpty());
        const QString tip = why.isEmpty() ? m_choices[i].explanation : why;
        button->setToolTip(QStringLiteral("<qt>%1</qt>").arg(tip.toHtmlEscaped()));
        button->setAccessibleDescription(tip);
    }
}

void SegmentedButtons::keyPressEvent(QKeyEvent* event)
{
    const int step = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
    QAbstractButton* next = step ? m_group->button(current() + step) : nullptr;
    if (!next || !next->isEnabled())
        return QWidget::keyPressEvent(event);
    next->setFocus(Qt::TabFocusReason);
    if (!next->isChecked())
        next->click();
}

} // namespace gorgon
