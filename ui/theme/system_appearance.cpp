// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/system_appearance.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QGuiApplication>
#include <QPalette>

namespace gorgon {
namespace {

const QString kService = QStringLiteral("org.freedesktop.portal.Desktop");
const QString kPath = QStringLiteral("/org/freedesktop/portal/desktop");
const QString kInterface = QStringLiteral("org.freedesktop.portal.Settings");
const QString kGroup = QStringLiteral("org.freedesktop.appearance");
constexpr int kTimeoutMs = 150; // the window must not wait for a desktop that does not answer

QVariant unwrapped(QVariant value)
{
    while (value.canConvert<QDBusVariant>())
        value = value.value<QDBusVariant>().variant();
    return value;
}

} // namespace

SystemAppearance::SystemAppearance(QObject* parent)
    : QObject(parent)
{
    m_palette_dark = QGuiApplication::palette().color(QPalette::Window).lightness() < 128
        || qEnvironmentVariable("GTK_THEME").endsWith(QLatin1String(":dark"));
    m_dark = m_palette_dark;
    // Without an address Qt would start a bus of its own.
    if (!qEnvironmentVariableIsEmpty("DBUS_SESSION_BUS_ADDRESS"))
        readPortal();
}

void SystemAppearance::readPortal()
{
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected())
        return;
    for (const char* key : {"color-scheme", "contrast"}) {
        auto call
            = QDBusMessage::createMethodCall(kService, kPath, kInterface, QStringLiteral("Read"));
        call << kGroup << QString::fromLatin1(key);
        const QDBusMessage reply = bus.call(call, QDBus::Block, kTimeoutMs);
        if (reply.type() != QDBusMessage::ReplyMessage || reply.arguments().isEmpty())
            return;
        setSetting(
            kGroup, QString::fromLatin1(key), QDBusVariant(unwrapped(reply.arguments().first())));
    }
    bus.connect(kService, kPath, kInterface, QStringLiteral("SettingChanged"), this,
        SLOT(setSetting(QString, QString, QDBusVariant)));
}

void SystemAppearance::setSetting(
    const QString& group, const QString& key, const QDBusVariant& value)
{
    if (group != kGroup)
        return;
    const uint number = unwrapped(value.variant()).toUInt();
    const bool dark = key == QLatin1String("color-scheme")
        ? number == 1 || (number == 0 && m_palette_dark)
        : m_dark;
    const bool high = key == QLatin1String("contrast") ? number == 1 : m_high_contrast;
    if (dark == m_dark && high == m_high_contrast)
        return;
    m_dark = dark;
    m_high_contrast = high;
    emit changed();
}

} // namespace gorgon
