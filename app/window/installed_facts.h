// SPDX-License-Identifier: GPL-3.0-or-later
// What installed folders hold.
#pragma once

#include "ui/models/hub_values.h"

namespace gorgon {

/// Fills in what the entry is; reads headers of files.
void readInstalled(InstalledEntry& entry);

} // namespace gorgon
