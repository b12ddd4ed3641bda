// SPDX-License-Identifier: Apache-2.0
// Files and folders that appear whole or not at all: written under another name, then renamed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

namespace gorgon {

/// A file that was not there before. Throws std::runtime_error where it cannot be written.
class NewFile
{
public:
    explicit NewFile(std::filesystem::path path);
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    ~NewFile();

    void write(std::span<const std::byte> bytes);
    void write(std::string_view text);
    /// On the disk once this returns.
    void close();

private:
    std::filesystem::path m_path;
    int m_descriptor = -1;
};

/// `path` with what `write` puts into it; what was there is replaced once the whole is on the disk.
/// Throws std::runtime_error where it cannot be written; then the old one stays.
void replaceFile(const std::filesystem::path& path, const std::function<void(NewFile&)>& write);

/// A folder beside `target` that takes its name at the end; removed where that is not reached.
class NewFolder
{
public:
    enum class Result : uint8_t
    {
        folder, // the folder becomes the target
        file, // one file of it does
    };

    /// Throws std::runtime_error where the target is there and may not be replaced. A folder is
    /// replaced only if it holds nothing but files of a model or of heads.
    NewFolder(const std::filesystem::path& target, Result result, bool replace);
    NewFolder(const NewFolder&) = delete;
    NewFolder& operator=(const NewFolder&) = delete;
    ~NewFolder();

    const std::filesystem::path& path() const { return m_path; }
    /// The absolute path that it will have.
    const std::filesystem::path& target() const { return m_target; }
    uint64_t freeBytes() const;

    /// `file`: the name of the one that becomes the target, where that is a file.
    void commit(const std::filesystem::path& file = {});

private:
    std::filesystem::path m_target;
    std::filesystem::path m_path;
    Result m_result;
    bool m_replace = false;
};

} // namespace gorgon
