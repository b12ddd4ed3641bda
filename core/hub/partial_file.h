// SPDX-License-Identifier: Apache-2.0
// An unfinished blob: HASH.<8 hex>.gorgon.incomplete and beside it HASH.<8 hex>.gorgon.json, which
// says what it is, how much of it is on the disk for certain, and who writes it. The unfinished
// files of other programs have other names and are left alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/hub/cache_folder.h"
#include "core/hub/partial_owner.h"

namespace gorgon {

/// The sidecar.
struct PartialRecord
{
    std::string repository;
    std::string revision;
    std::string commit;
    std::string path;
    std::string etag; // the blob's hash
    uint64_t bytes = 0; // of the whole file
    uint64_t synced_bytes = 0; // on the disk for certain
    std::string synced_digest; // SHA-256 of them, hexadecimal; empty for none
    std::string content_etag; // strong ETag of the server that sent the bytes
    std::string content_place; // its address without the query
    std::string boot; // what the kernel calls this boot: within it, written bytes stay written
    std::string owner; // process that writes; empty: nobody

    bool operator==(const PartialRecord&) const = default;
};

std::string toJsonText(const PartialRecord& record);
/// nullopt where it is not one: a partial file without a sound record is not used.
std::optional<PartialRecord> parsePartialRecord(std::string_view text);

/// The unfinished files of ours in a repository's blobs folder.
struct FoundPartial
{
    std::string name; // of the data file
    uint64_t bytes = 0; // that it has now
    PartialRecord record;
    bool is_owned = false; // by a process that lives
};
std::vector<FoundPartial> findPartials(const CacheFolder& blobs);
/// Removes those that nobody writes and that `is_unwanted` names; all of them where it is empty.
using PartialFilter = std::function<bool(const FoundPartial&)>;
void discardPartials(const CacheFolder& blobs, const PartialFilter& is_unwanted = {});

/// One attempt's file, which no other attempt writes: made new, or an abandoned one renamed, which
/// only one can do.
class PartialFile
{
public:
    /// Takes the longest abandoned one of that etag and size, and removes the others; else makes
    /// one.
    /// `blobs` must outlive it.
    static PartialFile take(const CacheFolder& blobs, PartialRecord record);

    PartialFile(PartialFile&& other) noexcept;
    ~PartialFile(); // gives it up: another run may take it

    int descriptor() const { return m_file.get(); }
    const PartialRecord& record() const { return m_record; }
    /// Bytes at the front that may be relied on, once they were hashed.
    uint64_t usableBytes() const { return m_usable_bytes; }

    /// Begins anew with nothing.
    void truncate();
    /// Bytes up to here are on the disk.
    void save(uint64_t synced_bytes, const std::string& digest);
    void setContent(const std::string& etag, const std::string& place);
    /// Synchronises, and gives it its final name. False where another has taken it away.
    bool finish();
    /// Removes it.
    void discard();

private:
    friend void discardPartials(const CacheFolder& blobs, const PartialFilter& is_unwanted);
    PartialFile(const CacheFolder& blobs, std::string stem, OpenFile file, FileClaim claim,
        PartialRecord record);
    static std::optional<PartialFile> claim(
        const CacheFolder& blobs, const FoundPartial& found, const PartialRecord& wanted);
    void writeRecord() const;
    void cut(uint64_t bytes);

    const CacheFolder* m_blobs = nullptr; // null: finished or discarded
    std::string m_stem; // name without the ending
    OpenFile m_file;
    FileClaim m_claim;
    PartialRecord m_record;
    uint64_t m_usable_bytes = 0;
};

} // namespace gorgon
