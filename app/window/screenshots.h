// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of the window in its states, made with the real model in a data folder of their own.
#pragma once

#include "app/window/window_options.h"

namespace gorgon {

/// Writes STATE-THEME.png (STATE-THEME@2x.png at twice the scale) into options.screenshots_folder.
/// The exit status of the program: 1 where a picture could not be made.
int takeScreenshots(const WindowOptions& options);

} // namespace gorgon
