// SPDX-License-Identifier: Apache-2.0
#include "core/hub/partial_file.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <set>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "core/hub/hub_error.h"
#include "core/hub/hub_names.h"
#include "core/hub/random_name.h"

namespace gorgon {

namespace {

constexpr std::string_view kData = ".gorgon.incomplete";
constexpr std::string_view kRecord = ".gorgon.json";
constexpr size_t kMaxRecord = 64 << 10;
constexpr int64_t kOrphanS = 3600;

int64_t secondsNow()
{
    return std::chrono::duration_cast<std::chrono::seconds>(
        std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// "HASH.<8 hex>" of one of our names; empty for all others.
std::string stemOf(std::string_view name, std::string_view ending)
{
    if (!name.ends_with(ending))
        return {};
    name.remove_suffix(ending.size());
    const size_t dot = name.find('.');
    if (dot == name.npos || !isContentHash(name.substr(0, dot)) || name.size() != dot + 9)
        return {};
    const std::string_view draw = name.substr(dot + 1);
    return draw.find_first_not_of("0123456789abcdef") == draw.npos ? std::string(name) : "";
}

std::string dataName(const std::string& stem)
{
    return stem + std::string(kData);
}

std::string recordName(const std::string& stem)
{
    return stem + std::string(kRecord);
}

bool isSameFile(const OpenFile& file, const std::optional<FolderEntry>& entry)
{
    struct stat status = {};
    return entry && entry->kind == FolderEntry::Kind::file && ::fstat(file.get(), &status) == 0
        && status.st_ino == entry->inode;
}

/// Data or record without the other, left by an end between two steps.
void removeOrphans(const CacheFolder& blobs)
{
    std::set<std::string> data, records;
    for (const FolderEntry& entry : blobs.entries()) {
        if (const std::string stem = stemOf(entry.name, kData); !stem.empty())
            data.insert(stem);
        if (const std::string stem = stemOf(entry.name, kRecord); !stem.empty())
            records.insert(stem);
    }
    const auto removeOld = [&](const std::string& name) {
        const auto entry = blobs.entry(name);
        if (entry && secondsNow() - entry->modified_s > kOrphanS)
            blobs.remove(name);
    };
    for (const std::string& stem : data)
        if (!records.contains(stem))
            removeOld(dataName(stem));
    for (const std::string& stem : records)
        if (!data.contains(stem))
            removeOld(recordName(stem));
}

} // namespace

std::vector<FoundPartial> findPartials(const CacheFolder& blobs)
{
    std::vector<FoundPartial> found;
    for (const FolderEntry& entry : blobs.entries()) {
        const std::string stem = stemOf(entry.name, kData);
        if (stem.empty() || entry.kind != FolderEntry::Kind::file)
            continue;
        const auto sidecar = blobs.entry(recordName(stem));
        if (!sidecar || sidecar->kind != FolderEntry::Kind::file)
            continue;
        const auto text = blobs.readText(recordName(stem), kMaxRecord);
        auto record = text ? parsePartialRecord(*text) : std::nullopt;
        if (!record || !stem.starts_with(record->etag))
            continue;
        FoundPartial partial;
        partial.name = entry.name;
        partial.bytes = entry.bytes;
        partial.is_owned = mayBeAlive(record->owner, secondsNow() - sidecar->modified_s);
        partial.record = std::move(*record);
        found.push_back(std::move(partial));
    }
    return found;
}

PartialFile::PartialFile(const CacheFolder& blobs, std::string stem, OpenFile file, FileClaim claim,
    PartialRecord record)
    : m_blobs(&blobs)
    , m_stem(std::move(stem))
    , m_file(std::move(file))
    , m_claim(std::move(claim))
    , m_record(std::move(record))
{
}

PartialFile::PartialFile(PartialFile&& other) noexcept
    : m_blobs(std::exchange(other.m_blobs, nullptr))
    , m_stem(std::move(other.m_stem))
    , m_file(std::move(other.m_file))
    , m_claim(std::move(other.m_claim))
    , m_record(std::move(other.m_record))
    , m_usable_bytes(other.m_usable_bytes)
{
}

PartialFile::~PartialFile()
{
    if (!m_blobs)
        return;
    try {
        m_record.owner.clear();
        writeRecord();
    } catch (const HubError&) {
        // Its owner is seen to have ended.
    }
}

void PartialFile::writeRecord() const
{
    m_blobs->writeText(recordName(m_stem), toJsonText(m_record));
}

std::optional<PartialFile> PartialFile::claim(
    const CacheFolder& blobs, const FoundPartial& found, const PartialRecord& wanted)
{
    std::optional<OpenFile> file = blobs.openForWriting(found.name);
    FileClaim own;
    // Where files cannot be locked, the record tells of other processes.
    if (!file || !own.take(file->get())
        || (::flock(file->get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK))
        return std::nullopt;
    struct stat status = {};
    // A file with another name would be written where that name is.
    if (::fstat(file->get(), &status) != 0 || status.st_nlink != 1)
        return std::nullopt;
    PartialRecord record = found.record;
    record.repository = wanted.repository;
    record.revision = wanted.revision;
    record.commit = wanted.commit;
    record.path = wanted.path;
    record.owner = thisProcess();
    PartialFile partial(blobs, wanted.etag + "." + randomName(), std::move(*file), std::move(own),
        std::move(record));
    // The record first: whenever this ends, the data has one beside it. Only one of several renames
    // succeeds.
    partial.writeRecord();
    if (!blobs.rename(found.name, dataName(partial.m_stem))
        || !isSameFile(partial.m_file, blobs.entry(dataName(partial.m_stem))))
    {
        blobs.remove(recordName(partial.m_stem));
        partial.m_blobs = nullptr;
        return std::nullopt;
    }
    blobs.remove(recordName(found.name.substr(0, found.name.size() - kData.size())));

    ::fstat(partial.descriptor(), &status);
    const bool same_boot = !partial.m_record.boot.empty() && partial.m_record.boot == thisBoot();
    const uint64_t there = std::min(uint64_t(status.st_size), wanted.bytes);
    partial.m_usable_bytes = same_boot ? there : std::min(there, partial.m_record.synced_bytes);
    if (uint64_t(status.st_size) > partial.m_usable_bytes)
        partial.cut(partial.m_usable_bytes);
    partial.m_record.boot = thisBoot();
    partial.writeRecord();
    return partial;
}

PartialFile PartialFile::take(const CacheFolder& blobs, PartialRecord record)
{
    removeOrphans(blobs);
    std::vector<FoundPartial> found = findPartials(blobs);
    std::erase_if(found, [&](const FoundPartial& partial) {
        return partial.is_owned || partial.record.etag != record.etag
            || partial.record.bytes != record.bytes;
    });
    std::sort(found.begin(), found.end(),
        [](const FoundPartial& a, const FoundPartial& b) { return a.bytes > b.bytes; });
    std::optional<PartialFile> taken;
    for (const FoundPartial& each : found) {
        std::optional<PartialFile> claimed = claim(blobs, each, record);
        if (!claimed)
            continue;
        if (taken)
            claimed->discard();
        else
            taken.emplace(std::move(*claimed));
    }
    if (taken)
        return std::move(*taken);

    record.owner = thisProcess();
    record.boot = thisBoot();
    record.synced_bytes = 0;
    record.synced_digest.clear();
    for (;;) {
        const std::string stem = record.etag + "." + randomName();
        std::optional<OpenFile> file = blobs.create(dataName(stem));
        if (!file)
            continue;
        ::flock(file->get(), LOCK_EX | LOCK_NB);
        FileClaim own;
        own.take(file->get());
        PartialFile partial(blobs, stem, std::move(*file), std::move(own), record);
        partial.writeRecord();
        return partial;
    }
}

void discardPartials(const CacheFolder& blobs, const PartialFilter& is_unwanted)
{
    for (const FoundPartial& partial : findPartials(blobs))
        if (!partial.is_owned && (!is_unwanted || is_unwanted(partial)))
            if (auto claimed = PartialFile::claim(blobs, partial, partial.record))
                claimed->discard();
}

void PartialFile::cut(uint64_t bytes)
{
    if (::ftruncate(m_file.get(), off_t(bytes)) != 0)
        failDisk(m_blobs->path() / dataName(m_stem), "the file cannot be cut", errno);
}

void PartialFile::truncate()
{
    cut(0);
    m_usable_bytes = 0;
    m_record.content_etag.clear();
    m_record.content_place.clear();
    save(0, "");
}

void PartialFile::save(uint64_t synced_bytes, const std::string& digest)
{
    m_record.synced_bytes = synced_bytes;
    m_record.synced_digest = digest;
    writeRecord();
}

void PartialFile::setContent(const std::string& etag, const std::string& place)
{
    if (etag == m_record.content_etag && place == m_record.content_place)
        return;
    m_record.content_etag = etag;
    m_record.content_place = place;
    writeRecord();
}

bool PartialFile::finish()
{
    const std::string name = dataName(m_stem);
    if (::fsync(m_file.get()) != 0)
        failDisk(m_blobs->path() / name, "the file cannot be written", errno);
    const bool is_ours = isSameFile(m_file, m_blobs->entry(name));
    const bool is_named = is_ours && m_blobs->rename(name, m_record.etag);
    const CacheFolder& blobs = *std::exchange(m_blobs, nullptr);
    if (is_named)
        blobs.sync();
    blobs.remove(recordName(m_stem));
    return is_named;
}

void PartialFile::discard()
{
    const CacheFolder& blobs = *std::exchange(m_blobs, nullptr);
    if (isSameFile(m_file, blobs.entry(dataName(m_stem))))
        blobs.remove(dataName(m_stem));
    blobs.remove(recordName(m_stem));
}

} // namespace gorgon
