// SPDX-License-Identifier: GPL-3.0-or-later
// What an answer was made with, as it is kept beside the answer.
#pragma once

#include "core/decode/engine.h"
#include "ui/chat/chat_values.h"

#include <string>

namespace gorgon {

/// One JSON object: settings, the seed that was used, why the answer ended, and which head made
/// which stretch of its text ("marks": length, head and step in turn).
std::string answerSettingsJson(
    const GenerateSettings& settings, const GenerateResult& result, const TextMarks& marks);

} // namespace gorgon
