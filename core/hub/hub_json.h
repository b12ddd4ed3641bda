// SPDX-License-Identifier: Apache-2.0
// JSON from a hub: bounded in size, depth and number of values, each field checked as it is read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace gorgon {

constexpr int kMaxHubJsonDepth = 32;
constexpr size_t kMaxHubJsonValues = 300'000;
constexpr uint64_t kMaxFileBytes = uint64_t(1) << 42; // 4 TiB; more is no file of a model

/// HubError (badReply; notAHub where it is a page) naming `what` where it is no JSON within the
/// bounds.
nlohmann::json parseHubJson(std::string_view text, std::string_view what);

/// Fields of an object; absent and null read as empty. HubError (badReply) where the type is wrong.
std::string textField(const nlohmann::json& object, const char* name, std::string_view what);
/// 0 .. kMaxFileBytes.
uint64_t sizeField(const nlohmann::json& object, const char* name, std::string_view what);
bool flagField(const nlohmann::json& object, const char* name);
std::vector<std::string> textsField(
    const nlohmann::json& object, const char* name, std::string_view what);

} // namespace gorgon
