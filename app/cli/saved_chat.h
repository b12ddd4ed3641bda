// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation as a JSON file, in the form that the reference's chat saves and loads.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/text/chat_template.h"

namespace gorgon {

/// The file's name; ".json" is added where it is missing.
std::filesystem::path saveChat(
    std::string file, const std::string& template_name, const std::vector<ChatMessage>& messages);

/// Throws std::runtime_error. Reads a plain list of messages too.
std::vector<ChatMessage> loadChat(std::string file);

} // namespace gorgon
