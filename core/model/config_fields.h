// SPDX-License-Identifier: Apache-2.0
// The fields of one JSON object of a configuration, each checked as it is read. null counts as
// absent. Everything throws std::runtime_error: "FILE: FIELD must be ..., found ...".
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace gorgon {

constexpr int64_t kMaxVocab = int64_t(1) << 22;
constexpr int64_t kMaxContext = int64_t(1) << 26;

class ConfigFields
{
public:
    ConfigFields(
        const nlohmann::json& object, const std::filesystem::path& file, std::string prefix = "")
        : m_object(object)
        , m_file(file)
        , m_prefix(std::move(prefix))
    {
    }

    const std::filesystem::path& file() const { return m_file; }
    /// nullptr where the field is absent or null.
    const nlohmann::json* find(const char* name) const;
    /// True where the field is there, be it null.
    bool has(const char* name) const { return m_object.contains(name); }

    int64_t integer(const char* name, int64_t low, int64_t high) const;
    int64_t integer(const char* name, int64_t low, int64_t high, int64_t absent) const;
    /// A number above 0.
    double positive(const char* name, double high) const;
    double positive(const char* name, double high, double absent) const;
    bool boolean(const char* name, bool absent) const;
    /// "" where absent.
    std::string text(const char* name) const;
    /// An id, a list of ids, or nothing; ids outside any vocabulary are left out.
    std::vector<int> ids(const char* name) const;

    [[noreturn]] void expect(
        const char* name, const std::string& what, const nlohmann::json& found) const;
    /// Throws "FILE: FIELD sentence".
    [[noreturn]] void fail(const char* name, const std::string& sentence) const;

private:
    const nlohmann::json& m_object;
    const std::filesystem::path& m_file;
    std::string m_prefix;
};

} // namespace gorgon
