// SPDX-License-Identifier: GPL-3.0-or-later
// Settings as they are kept: beside an answer, and for the next start of the program.
#pragma once

#include "core/decode/generate_settings.h"

#include <QJsonObject>
#include <QVector>

namespace gorgon {

/// Without the seed and the stop texts; the tree by its name alone.
QJsonObject settingsJson(const GenerateSettings& settings);

/// For the next start: with a fixed seed and the tree's choices.
std::string keptSettings(const GenerateSettings& settings);

/// What keptSettings wrote, on top of the defaults. A tree is taken by name from `trees`, else by
/// its choices where these heads can fill them. Text that is damaged or out of range yields the
/// defaults.
GenerateSettings readKeptSettings(const std::string& text, const GenerateSettings& defaults,
    const QVector<TreeSpec>& trees, int n_heads);

} // namespace gorgon
