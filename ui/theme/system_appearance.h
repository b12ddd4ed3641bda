// SPDX-License-Identifier: GPL-3.0-or-later
// What the desktop asks for: dark or light, more contrast. Read through the settings portal where a
// session bus is already there, else from the palette that the desktop gave to Qt.
#pragma once

#include <QDBusVariant>
#include <QObject>

namespace gorgon {

class SystemAppearance : public QObject
{
    Q_OBJECT

public:
    explicit SystemAppearance(QObject* parent);

    bool isDark() const { return m_dark; }
    bool isHighContrast() const { return m_high_contrast; }

signals:
    void changed();

private slots:
    void setSetting(const QString& group, const QString& key, const QDBusVariant& value);

private:
    void readPortal();

    bool m_palette_dark = false;
    bool m_dark = false;
    bool m_high_contrast = false;
};

} // namespace gorgon
