// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/hub_preferences.h"

#include "app/window/proxy_source.h"
#include "core/hub/hub_error.h"
#include "core/hub/url.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace gorgon {

namespace {

constexpr int kMostFiles = 16;

} // namespace

QString preferencesText(const HubPreferences& preferences)
{
    const QJsonObject values{{QStringLiteral("endpoint"), preferences.endpoint},
        {QStringLiteral("token_to_mirror"), preferences.token_to_mirror},
        {QStringLiteral("proxy"), int(preferences.proxy)},
        {QStringLiteral("own_proxy"), preferences.own_proxy},
        {QStringLiteral("megabytes_per_second"), preferences.megabytes_per_second},
        {QStringLiteral("files_at_once"), preferences.n_files}};
    return QString::fromUtf8(QJsonDocument(values).toJson());
}

HubPreferences readPreferences(const QByteArray& text)
{
    const QJsonObject values = QJsonDocument::fromJson(text).object();
    HubPreferences read;
    read.endpoint = values[QStringLiteral("endpoint")].toString();
    read.token_to_mirror = values[QStringLiteral("token_to_mirror")].toBool();
    read.proxy = HubPreferences::Proxy(std::clamp(values[QStringLiteral("proxy")].toInt(), 0, 2));
    read.own_proxy = values[QStringLiteral("own_proxy")].toString();
    read.megabytes_per_second
        = std::clamp(values[QStringLiteral("megabytes_per_second")].toInt(), 0, 10'000);
    read.n_files = std::clamp(
        values[QStringLiteral("files_at_once")].toInt(HubPreferences().n_files), 1, kMostFiles);
    return read;
}

HubSettings chosenSettings(
    const HubSettings& environment, const HubPreferences& preferences, const QString& system_proxy)
{
    HubSettings settings = environment;
    if (!preferences.endpoint.isEmpty()) {
        std::string endpoint = preferences.endpoint.toStdString();
        while (endpoint.ends_with('/'))
            endpoint.pop_back();
        if (const Url url = parseUrl(endpoint); url.path.find('?') != std::string::npos)
            throw HubError(HubErrorKind::badName,
                printable(endpoint)
                    + ": an address of a hub without a query was expected; check it under "
                      "Connection");
        settings.endpoint = endpoint;
    }
    // The tick was set beside an address, and means no other one.
    settings.token_to_mirror = settings.token_to_mirror
        || (preferences.token_to_mirror && !preferences.endpoint.isEmpty());
    settings.no_proxy = preferences.proxy == HubPreferences::Proxy::none;
    if (preferences.proxy == HubPreferences::Proxy::own)
        settings.proxy = preferences.own_proxy.toStdString();
    else if (wantsSystemProxy(preferences, QString::fromStdString(settings.endpoint)))
        settings.proxy = system_proxy.toStdString();
    settings.bytes_per_second = uint64_t(preferences.megabytes_per_second) * 1'000'000;
    settings.n_parallel_files = preferences.n_files;
    return settings;
}

} // namespace gorgon
