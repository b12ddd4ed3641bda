// SPDX-License-Identifier: Apache-2.0
// Recorded decode steps: one JSON object a line. Written by gorgon-cli --trace, replayed by the
// window.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/decode/decode_step.h"

namespace gorgon {

/// One line without its end.
std::string recordLine(const DecodeStep& step);

/// Throws std::runtime_error where the line is no sound step: more than kMaxNodes nodes, a parent
/// that does not come first, a path that is none. `what` begins the message.
DecodeStep readRecordLine(std::string_view line, const std::string& what);

/// A whole recording, of at most 256 MiB. Throws std::runtime_error naming file and line.
std::vector<DecodeStep> readRecording(const std::filesystem::path& file);

} // namespace gorgon
