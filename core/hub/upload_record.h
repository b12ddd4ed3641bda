// SPDX-License-Identifier: Apache-2.0
// How far the upload of one large file in parts is, written down so that another run goes on. Holds
// addresses that let their bearer write that file for a while: mode 0600.
#pragma once

#include <optional>

#include "core/hub/cache_folder.h"
#include "core/hub/hub_writer.h"

namespace gorgon {

struct UploadRecord
{
    std::string endpoint;
    std::string repository;
    std::string oid; // SHA-256 of the file
    uint64_t bytes = 0;
    LfsAction action;
    std::vector<std::string> etags; // of the parts that arrived, from the first on

    uint64_t sentBytes() const { return uint64_t(etags.size()) * action.chunk_bytes; }
};

std::string toJsonText(const UploadRecord& record);
/// nullopt where it is no sound record.
std::optional<UploadRecord> parseUploadRecord(std::string_view text);

/// The records of one repository in a folder of our own; remembers nothing where there is none or
/// it cannot be written.
class UploadRecords
{
public:
    UploadRecords(const std::filesystem::path& folder, const std::string& endpoint,
        const std::string& repository);

    /// The one of that file, where it is of this endpoint and repository.
    std::optional<UploadRecord> find(const PushFile& file) const;
    void save(const UploadRecord& record) const;
    void forget(const std::string& oid) const;

private:
    std::string m_endpoint;
    std::string m_repository;
    std::optional<CacheFolder> m_folder;
};

} // namespace gorgon
