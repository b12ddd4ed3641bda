// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace gorgon {

struct Theme;

QString styleSheetOf(const Theme& theme);

} // namespace gorgon
