// SPDX-License-Identifier: GPL-3.0-or-later
// Which proxy leads to the hub, and who named it.
#pragma once

#include "core/hub/hub_settings.h"
#include "ui/models/hub_values.h"

#include <functional>
#include <optional>

namespace gorgon {

/// The proxy that the system names for an address, as libcurl reads it; empty: none.
using SystemProxy = std::function<QString(const QString& endpoint)>;
/// note: may take long and use the network, where the system's settings name a script.
QString systemProxy(const QString& endpoint);

/// The variable of the environment that names a proxy for the address; empty: none does.
QString proxyVariable(const QString& endpoint);

/// Whether the system has to be asked: neither a person nor the environment named one.
bool wantsSystemProxy(const HubPreferences& preferences, const QString& endpoint);

/// What is in use and where it comes from, without secrets. system: what it answered, nothing
/// before it was asked.
QString proxyWords(const HubPreferences& preferences, const QString& endpoint,
    const std::optional<QString>& system);

} // namespace gorgon
