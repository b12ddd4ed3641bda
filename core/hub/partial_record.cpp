// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "core/hub/hub_error.h"
#include "core/hub/hub_json.h"
#include "core/hub/hub_names.h"
#include "core/hub/partial_file.h"

namespace gorgon {

namespace {

constexpr int kVersion = 1;

} // namespace

std::string toJsonText(const PartialRecord& record)
{
    const nlohmann::ordered_json json{{"version", kVersion}, {"repository", record.repository},
        {"revision", record.revision}, {"commit", record.commit}, {"path", record.path},
        {"etag", record.etag}, {"bytes", record.bytes}, {"synced_bytes", record.synced_bytes},
        {"synced_digest", record.synced_digest}, {"content_etag", record.content_etag},
        {"content_place", record.content_place}, {"boot", record.boot}, {"owner", record.owner}};
    return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::optional<PartialRecord> parsePartialRecord(std::string_view text)
{
    try {
        const std::string what = "sidecar";
        const nlohmann::json json = parseHubJson(text, what);
        PartialRecord record;
        record.repository = textField(json, "repository", what);
        record.revision = textField(json, "revision", what);
        record.commit = textField(json, "commit", what);
        record.path = textField(json, "path", what);
        record.etag = textField(json, "etag", what);
        record.bytes = sizeField(json, "bytes", what);
        record.synced_bytes = sizeField(json, "synced_bytes", what);
        record.synced_digest = textField(json, "synced_digest", what);
        record.content_etag = textField(json, "content_etag", what);
        record.content_place = textField(json, "content_place", what);
        record.boot = textField(json, "boot", what);
        record.owner = textField(json, "owner", what);
        const bool is_sound = sizeField(json, "version", what) == kVersion
            && !repositoryProblem(record.repository) && isCommit(record.commit)
            && !pathProblem(record.path) && isContentHash(record.etag)
            && (record.revision.empty() || !revisionProblem(record.revision))
            && record.synced_bytes <= record.bytes;
        return is_sound ? std::optional(std::move(record)) : std::nullopt;
    } catch (const HubError&) {
        return std::nullopt;
    }
}

} // namespace gorgon
