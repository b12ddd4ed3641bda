// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tuning/quiet_wheel.h"

#include <QEvent>
#include <QWidget>

namespace gorgon {
namespace {

class WheelFilter : public QObject
{
public:
    using QObject::QObject;

    bool eventFilter(QObject* watched, QEvent* event) override
    {
        const auto* control = qobject_cast<QWidget*>(watched);
        if (event->type() != QEvent::Wheel || !control || control->hasFocus())
            return false;
        event->ignore();
        return true;
    }
};

} // namespace

void quietWheel(QWidget* control)
{
    control->setFocusPolicy(Qt::StrongFocus); // not by the wheel
    control->installEventFilter(new WheelFilter(control));
}

} // namespace gorgon
