// SPDX-License-Identifier: GPL-3.0-or-later
// What a person chose about the hub, over what the environment says; kept as text.
#pragma once

#include "core/hub/hub_settings.h"
#include "ui/models/hub_values.h"

namespace gorgon {

QString preferencesText(const HubPreferences& preferences);
/// Damaged text is no preferences.
HubPreferences readPreferences(const QByteArray& text);

/// `environment` as the preferences change it. system_proxy: used where neither a person nor the
/// environment named one. HubError (badName) for an address that is none.
HubSettings chosenSettings(const HubSettings& environment, const HubPreferences& preferences,
    const QString& system_proxy = {});

} // namespace gorgon
