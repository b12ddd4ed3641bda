// SPDX-License-Identifier: Apache-2.0
// JSON from files that nobody vouches for: bounded in size and depth, duplicate keys refused.
#pragma once

#include <filesystem>
#include <string_view>

#include <nlohmann/json.hpp>

namespace gorgon {

constexpr uint64_t kMaxConfigBytes = uint64_t(4) << 20;
constexpr int kMaxJsonDepth = 32;

/// Throws std::runtime_error where `text` begins with a byte order mark, holds NUL or invalid
/// UTF-8, nests deeper than kMaxJsonDepth, names a key twice in one object (however escaped), or is
/// no JSON. `file` is for messages.
nlohmann::json parseJson(std::string_view text, const std::filesystem::path& file);

/// Reads and parses a whole file that holds an object, of at most `max_bytes`.
nlohmann::json readJsonFile(
    const std::filesystem::path& file, uint64_t max_bytes = kMaxConfigBytes);

/// What parseJson checks before it parses; for readers with a handler of their own.
void checkJsonText(std::string_view text, const std::filesystem::path& file);

/// nlohmann's message without its prefix, fit to print.
std::string jsonReason(const std::exception& error);

} // namespace gorgon
