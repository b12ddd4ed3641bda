// SPDX-License-Identifier: Apache-2.0
// Whole small files and JSON, both with limits.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace gorgon {

inline constexpr std::size_t kMaxJsonBytes = std::size_t(32) << 20;

/// Only regular files (a pipe would block), only up to max_bytes. Throws std::runtime_error.
std::string readRegularFile(const std::filesystem::path& path, std::size_t max_bytes);
/// A JSON object, nested at most 64 deep. Throws std::runtime_error.
nlohmann::json readJsonObject(const std::filesystem::path& path);
/// The same from memory; `what` names it in errors.
nlohmann::json parseJsonObject(const std::string& bytes, const std::string& what);

} // namespace gorgon
