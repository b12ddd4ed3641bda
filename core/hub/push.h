// SPDX-License-Identifier: Apache-2.0
// Uploads as plain values: what is asked for, what it would do, and how far it is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gorgon {

struct PushRequest
{
    std::filesystem::path folder;
    std::string repository; // ORG/NAME
    bool is_private = false; // where it is made
    std::string message = "Upload with Gorgon";
    std::string card; // README.md where the folder has none; empty: none is added
    std::filesystem::path state_folder; // remembers parts that were sent; empty: nothing does
};

enum class PushChange
{
    added,
    replaced,
    same // the hub has these very bytes
};

struct PushFile
{
    std::string path; // within the repository
    std::filesystem::path source;
    std::optional<std::string> content; // in place of the source
    uint64_t bytes = 0;
    int64_t modified_ns = 0; // of the source when it was hashed
    std::string sha256;
    std::string git_oid;
    PushChange change = PushChange::added;
};

struct PushPlan
{
    PushRequest request;
    bool exists = false; // the repository
    std::string parent; // its commit
    std::vector<PushFile> files; // sorted by path
    std::vector<std::string> left_out; // hidden files and what no rule allows, with the reason

    std::vector<const PushFile*> changed(PushChange change) const
    {
        std::vector<const PushFile*> result;
        for (const PushFile& file : files)
            if (file.change == change)
                result.push_back(&file);
        return result;
    }
    /// Of files that the hub does not have yet.
    uint64_t bytes() const
    {
        uint64_t sum = 0;
        for (const PushFile& file : files)
            sum += file.change == PushChange::same ? 0 : file.bytes;
        return sum;
    }
};

struct PushProgress
{
    std::string what; // "hashing", "uploading", "committing"
    std::string path; // of the file it is at; may be empty
    uint64_t done_bytes = 0; // sent, or there already
    uint64_t total_bytes = 0;
    int n_retries = 0;
};

struct PushResult
{
    std::string commit;
    std::string page; // address
    uint64_t sent_bytes = 0; // of large files, by this call
    uint64_t kept_bytes = 0; // of large files that the hub had, whole or in parts
    bool was_created = false;
};

} // namespace gorgon
