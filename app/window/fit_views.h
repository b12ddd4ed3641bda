// SPDX-License-Identifier: GPL-3.0-or-later
// Memory that a pair takes, as the window shows it.
#pragma once

#include "core/pairs/pair_values.h"
#include "ui/models/hub_values.h"

namespace gorgon {

Badge memoryBadge(const PairFit& fit);
Badge::Tone toneOf(Fit fit);
/// One for each length of context.
QVector<FitView> fitViews(const std::vector<PairFit>& fits);

} // namespace gorgon
