// SPDX-License-Identifier: Apache-2.0
// A folder held open. Everything is reached from its descriptor, one component at a time, and no
// component may be a link: whatever is planted or swapped on the way, nothing outside is touched.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gorgon {

/// A descriptor that closes itself.
class OpenFile
{
public:
    OpenFile() = default;
    explicit OpenFile(int descriptor)
        : m_descriptor(descriptor)
    {
    }
    OpenFile(OpenFile&& other) noexcept;
    OpenFile& operator=(OpenFile&& other) noexcept;
    ~OpenFile();

    int get() const { return m_descriptor; }
    explicit operator bool() const { return m_descriptor >= 0; }

private:
    int m_descriptor = -1;
};

struct FolderEntry
{
    enum class Kind
    {
        file,
        folder,
        link,
        other
    };
    std::string name;
    Kind kind = Kind::other;
    uint64_t bytes = 0; // of a file
    int64_t modified_s = 0; // since 1970
    int64_t accessed_s = 0;
    uint64_t inode = 0;
};

/// HubError: diskFailed, diskFull, unsafeCache.
class CacheFolder
{
public:
    /// The root itself may be reached through links. nullopt where it is not there and is not to be
    /// made.
    static std::optional<CacheFolder> openRoot(const std::filesystem::path& path, bool make);

    /// A folder below, parted by '/'.
    std::optional<CacheFolder> open(std::string_view path) const;
    CacheFolder make(std::string_view path) const;

    /// `name` is one component in what follows.
    std::optional<FolderEntry> entry(const std::string& name) const;
    std::vector<FolderEntry> entries() const; // sorted by name
    /// nullopt where it is not there; anything but a regular file is unsafeCache.
    std::optional<OpenFile> openForReading(const std::string& name) const;
    std::optional<OpenFile> openForWriting(const std::string& name) const;
    /// nullopt where the name is taken.
    std::optional<OpenFile> create(const std::string& name, unsigned mode = 0644) const;
    /// A lock file: made where it is not there.
    std::optional<OpenFile> openLock(const std::string& name) const;
    /// Whole small file; nullopt where it is not there or larger.
    std::optional<std::string> readText(const std::string& name, size_t max_bytes) const;
    /// By way of a new file that is synchronised and renamed.
    void writeText(const std::string& name, std::string_view text, unsigned mode = 0644) const;

    std::optional<std::string> readLink(const std::string& name) const;
    /// Replaces what has that name in one step. False where the file system has no links.
    bool link(const std::string& target, const std::string& name) const;
    /// Into another folder; false where `from` is gone.
    bool move(const std::string& from, const CacheFolder& folder, const std::string& to) const;
    /// False where `from` is gone.
    bool rename(const std::string& from, const std::string& to) const;
    bool remove(const std::string& name) const; // a file or link; false where it is not there
    bool removeFolder(const std::string& name) const; // false where it is not empty
    void sync() const;
    uint64_t freeBytes() const;

    const std::filesystem::path& path() const { return m_path; }

private:
    CacheFolder(OpenFile folder, std::filesystem::path path);
    std::optional<OpenFile> openPlain(const std::string& name, int flags) const;
    [[noreturn]] void fail(const std::string& name, const std::string& what, int error) const;

    OpenFile m_folder;
    std::filesystem::path m_path; // for messages and for whoever opens the files
};

/// HubError for an errno: diskFull or diskFailed.
[[noreturn]] void failDisk(const std::filesystem::path& path, const std::string& what, int error);

} // namespace gorgon
