// SPDX-License-Identifier: Apache-2.0
#include "core/model/available_memory.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

namespace gorgon {

namespace {

std::optional<uint64_t> readNumber(const std::filesystem::path& file)
{
    std::ifstream in(file);
    uint64_t value = 0;
    if (in >> value) // "max" fails
        return value;
    return {};
}

// The number behind `key` in lines of "key number".
std::optional<uint64_t> readField(const std::filesystem::path& file, const std::string& key)
{
    std::ifstream in(file);
    std::string word;
    uint64_t value = 0;
    while (in >> word) {
        if (word == key && in >> value)
            return value;
        std::getline(in, word);
    }
    return {};
}

// Cached pages of files count as used in a control group, but give way.
std::optional<uint64_t> groupLeaves(const std::filesystem::path& group)
{
    const std::optional<uint64_t> limit = readNumber(group / "memory.max");
    const std::optional<uint64_t> used = readNumber(group / "memory.current");
    if (!limit || !used)
        return {};
    const uint64_t cached = readField(group / "memory.stat", "inactive_file").value_or(0)
        + readField(group / "memory.stat", "active_file").value_or(0);
    const uint64_t held = *used - std::min(*used, cached);
    return *limit - std::min(*limit, held);
}

} // namespace

std::optional<uint64_t> availableMemory()
{
    std::optional<uint64_t> result = readField("/proc/meminfo", "MemAvailable:");
    if (result)
        *result *= 1024;

    // Version 2 of control groups: one line "0::/path".
    std::ifstream in("/proc/self/cgroup");
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with("0::/"))
            continue;
        const std::filesystem::path root = "/sys/fs/cgroup";
        std::filesystem::path relative = std::filesystem::path(line.substr(4)).lexically_normal();
        for (int level = 0; level < 64; ++level) {
            if (const std::optional<uint64_t> left = groupLeaves(root / relative))
                result = std::min(result.value_or(UINT64_MAX), *left);
            if (relative.empty() || relative == ".")
                break;
            relative = relative.parent_path();
        }
    }
    return result;
}

} // namespace gorgon
