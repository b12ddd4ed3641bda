// SPDX-License-Identifier: Apache-2.0
// Errors of files: one sentence that begins with the file and is fit to print, whatever the file
// holds.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace gorgon {

/// Text from a file made fit for a message: control characters and broken UTF-8 escaped, cut to
/// `limit` bytes.
std::string shown(std::string_view text, size_t limit = 120);

/// "[32000, 4096]".
std::string shapeText(const std::vector<int64_t>& shape);

/// "1.4 GB", "812 kB".
std::string bytesText(uint64_t bytes);

bool isValidUtf8(std::string_view text);

/// Throws std::runtime_error("PATH: sentence").
[[noreturn]] void failFile(const std::filesystem::path& path, const std::string& sentence);

} // namespace gorgon
