// SPDX-License-Identifier: GPL-3.0-or-later
// What installed folders hold, and which heads belong to which model by their shapes.
#pragma once

#include "ui/models/hub_values.h"

#include <cstdint>

namespace gorgon {

struct InstalledFacts
{
    int64_t width = 0; // of the model, or of the vectors that the heads take; 0: not known
    int64_t vocab = 0; // heads: 0 where they use the model's
};

/// Fills in what the entry is; reads headers of files.
InstalledFacts readInstalled(InstalledEntry& entry);

/// Gives each model the heads that fit it. facts: of the entries, in their order.
void offerHeads(QVector<InstalledEntry>& entries, const QVector<InstalledFacts>& facts);

} // namespace gorgon
