// SPDX-License-Identifier: Apache-2.0
#include "core/hub/upload_record.h"

#include "core/hub/hub_cache.h"
#include "core/hub/hub_json.h"
#include "core/hub/hub_names.h"

namespace gorgon {

namespace {

constexpr size_t kMaxRecordBytes = size_t(32) << 20; // 10,000 signed addresses

std::string nameOf(const std::string& oid)
{
    return oid + ".json";
}

} // namespace

std::string toJsonText(const UploadRecord& record)
{
    const nlohmann::json json = {{"version", 1}, {"endpoint", record.endpoint},
        {"repository", record.repository}, {"oid", record.oid}, {"bytes", record.bytes},
        {"chunk_bytes", record.action.chunk_bytes}, {"upload_url", record.action.upload_url},
        {"verify_url", record.action.verify_url}, {"part_urls", record.action.part_urls},
        {"etags", record.etags}};
    return json.dump() + "\n";
}

std::optional<UploadRecord> parseUploadRecord(std::string_view text)
{
    const char* const what = "upload record";
    try {
        const nlohmann::json json = parseHubJson(text, what);
        UploadRecord record;
        record.endpoint = textField(json, "endpoint", what);
        record.repository = textField(json, "repository", what);
        record.oid = textField(json, "oid", what);
        record.bytes = sizeField(json, "bytes", what);
        record.action.chunk_bytes = sizeField(json, "chunk_bytes", what);
        record.action.upload_url = textField(json, "upload_url", what);
        record.action.verify_url = textField(json, "verify_url", what);
        record.action.part_urls = textsField(json, "part_urls", what);
        record.etags = textsField(json, "etags", what);
        const uint64_t chunk = record.action.chunk_bytes;
        const bool is_sound = !repositoryProblem(record.repository) && record.oid.size() == 64
            && isContentHash(record.oid) && chunk > 0 && !record.action.upload_url.empty()
            && record.action.part_urls.size() == (record.bytes + chunk - 1) / chunk
            && record.etags.size() <= record.action.part_urls.size();
        return is_sound ? std::optional(std::move(record)) : std::nullopt;
    } catch (const HubError&) {
        return {};
    }
}

UploadRecords::UploadRecords(
    const std::filesystem::path& folder, const std::string& endpoint, const std::string& repository)
    : m_endpoint(endpoint)
    , m_repository(repository)
{
    if (folder.empty())
        return;
    try {
        if (const auto root = CacheFolder::openRoot(folder, true))
            m_folder = root->make(cacheFolderName(repository));
    } catch (const HubError&) {
        // Without a place for them nothing is remembered; uploads work all the same.
    }
}

std::optional<UploadRecord> UploadRecords::find(const PushFile& file) const
{
    if (!m_folder)
        return {};
    const auto text = m_folder->readText(nameOf(file.sha256), kMaxRecordBytes);
    auto record = text ? parseUploadRecord(*text) : std::nullopt;
    const bool is_ours = record && record->endpoint == m_endpoint
        && record->repository == m_repository && record->oid == file.sha256
        && record->bytes == file.bytes;
    return is_ours ? std::move(record) : std::nullopt;
}

void UploadRecords::save(const UploadRecord& record) const
{
    if (!m_folder)
        return;
    try {
        m_folder->writeText(nameOf(record.oid), toJsonText(record), 0600);
    } catch (const HubError&) {
        // A full disk costs the memory of this part, not the upload.
    }
}

void UploadRecords::forget(const std::string& oid) const
{
    if (m_folder)
        m_folder->remove(nameOf(oid));
}

} // namespace gorgon
