// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/proxy_source.h"

#include <QHostAddress>
#include <QNetworkProxyFactory>
#include <QUrl>

namespace gorgon {

namespace {

bool isThisMachine(const QUrl& url)
{
    return url.host() == QLatin1String("localhost") || QHostAddress(url.host()).isLoopback();
}

QString withoutSecrets(const QString& address)
{
    const QUrl url(
        address.contains(QLatin1String("://")) ? address : QStringLiteral("http://") + address);
    return url.isValid() ? url.toString(QUrl::RemoveUserInfo) : QString();
}

} // namespace

QString systemProxy(const QString& endpoint)
{
    const QNetworkProxyQuery query((QUrl(endpoint)));
    for (const QNetworkProxy& proxy : QNetworkProxyFactory::systemProxyForQuery(query)) {
        QUrl url;
        if (proxy.type() == QNetworkProxy::NoProxy)
            return {};
        if (proxy.type() == QNetworkProxy::Socks5Proxy)
            url.setScheme(QStringLiteral("socks5h"));
        else if (proxy.type() == QNetworkProxy::HttpProxy)
            url.setScheme(QStringLiteral("http"));
        else
            continue;
        url.setHost(proxy.hostName());
        url.setPort(proxy.port());
        url.setUserName(proxy.user(), QUrl::DecodedMode);
        url.setPassword(proxy.password(), QUrl::DecodedMode);
        return url.toString(QUrl::FullyEncoded);
    }
    return {};
}

QString proxyVariable(const QString& endpoint)
{
    // As libcurl reads them: HTTP_PROXY in capitals could come from a request to a server.
    const bool secure = QUrl(endpoint).scheme() != QLatin1String("http");
    const QStringList names = secure
        ? QStringList{QStringLiteral("https_proxy"), QStringLiteral("HTTPS_PROXY"),
            QStringLiteral("all_proxy"), QStringLiteral("ALL_PROXY")}
        : QStringList{
            QStringLiteral("http_proxy"), QStringLiteral("all_proxy"), QStringLiteral("ALL_PROXY")};
    for (const QString& name : names) {
        if (!qEnvironmentVariableIsEmpty(name.toLatin1().constData()))
            return name;
    }
    return {};
}

bool wantsSystemProxy(const HubPreferences& preferences, const QString& endpoint)
{
    return preferences.proxy == HubPreferences::Proxy::environment
        && proxyVariable(endpoint).isEmpty() && !isThisMachine(QUrl(endpoint));
}

QString proxyWords(const HubPreferences& preferences, const QString& endpoint,
    const std::optional<QString>& system)
{
    if (preferences.proxy == HubPreferences::Proxy::own)
        return {};
    if (preferences.proxy == HubPreferences::Proxy::none)
        return QObject::tr("What the environment and the system name is passed by.");
    if (const QString name = proxyVariable(endpoint); !name.isEmpty())
        return QObject::tr("In use: %1, from the variable %2.")
            .arg(withoutSecrets(qEnvironmentVariable(name.toLatin1().constData())), name);
    if (isThisMachine(QUrl(endpoint)))
        return QObject::tr("None: the hub is on this computer.");
    if (!system)
        return QObject::tr("The environment names none; the system is asked before the first "
                           "request.");
    if (system->isEmpty())
        return QObject::tr("None: neither the environment nor the system names one.");
    return QObject::tr("In use: %1, from the system's settings.").arg(withoutSecrets(*system));
}

} // namespace gorgon
