// SPDX-License-Identifier: GPL-3.0-or-later
// What an answer was made with, as it is kept beside the answer.
#pragma once

#include "core/decode/engine.h"

#include <string>

namespace gorgon {

/// One JSON object: settings, the seed that was used and why the answer ended.
std::string answerSettingsJson(const GenerateSettings& settings, const GenerateResult& result);

} // namespace gorgon
