// SPDX-License-Identifier: Apache-2.0
// What a folder's upload would do: its files, their hashes, and what the hub has of them.
#include <algorithm>
#include <fstream>
#include <map>
#include <vector>

#include "core/hub/content_digest.h"
#include "core/hub/hub_names.h"
#include "core/hub/push_folder.h"

namespace gorgon {

namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFiles = 1000;
constexpr int kMaxDepth = 8; // folders within the folder
constexpr size_t kBlock = size_t(1) << 20;

[[noreturn]] void failFolder(const fs::path& path, const std::string& sentence)
{
    throw HubError(HubErrorKind::diskFailed, printable(path.string(), 400) + ": " + sentence);
}

int64_t modifiedAt(const fs::path& path)
{
    std::error_code error;
    return int64_t(fs::last_write_time(path, error).time_since_epoch().count());
}

void requireToken(const HubClient& client, const std::string& repository)
{
    const HubSettings& settings = client.settings();
    if (mayUseToken(settings))
        return;
    HubErrorInfo info = hubErrorInfo(HubErrorKind::badToken,
        repository
            + (settings.token.empty()
                    ? ": a token that may write was expected, there is none; make one at "
                        + settings.endpoint + "/settings/tokens and set HF_TOKEN, or save it in "
                        + settings.token_file.string()
                    : ": the token is not sent to " + settings.endpoint
                        + ", which is not the hub itself; allow it with "
                          "GORGON_HUB_TRUST_ENDPOINT=1"));
    info.action = HubAction::addToken;
    throw HubError(std::move(info));
}

class FolderReader
{
public:
    FolderReader(PushPlan& plan, const PushCallback& on_progress, const std::stop_token& stop)
        : m_plan(plan)
        , m_on_progress(on_progress)
        , m_stop(stop)
    {
    }

    void read()
    {
        const fs::path& folder = m_plan.request.folder;
        std::error_code error;
        if (!fs::is_directory(folder, error))
            failFolder(folder, "a folder was expected, there is none; give the one to upload");
        list(folder);
        if (m_plan.files.empty())
            failFolder(folder, "files were expected, there are none to upload");
        addCard();
        std::sort(m_plan.files.begin(), m_plan.files.end(),
            [](const PushFile& a, const PushFile& b) { return a.path < b.path; });
        for (const PushFile& file : m_plan.files)
            m_progress.total_bytes += file.bytes;
        m_progress.what = "hashing";
        for (PushFile& file : m_plan.files)
            hash(file);
    }

private:
    void list(const fs::path& folder)
    {
        PathSet paths;
        std::error_code error;
        for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
             entry.increment(error))
        {
            const std::string path = fs::relative(entry->path(), folder).generic_string();
            const bool is_hidden = entry->path().filename().string().starts_with(".");
            std::error_code ignored;
            if (entry->is_directory(ignored)) {
                if (is_hidden || entry.depth() >= kMaxDepth || entry->is_symlink(ignored)) {
                    m_plan.left_out.push_back(printable(path) + ": a folder that is not uploaded");
                    entry.disable_recursion_pending();
                }
                continue;
            }
            if (is_hidden || !entry->is_regular_file(ignored)) {
                m_plan.left_out.push_back(
                    printable(path) + (is_hidden ? ": it is hidden" : ": it is no file"));
                continue;
            }
            if (const auto problem = paths.problem(path)) {
                m_plan.left_out.push_back(printable(path) + ": " + *problem);
                continue;
            }
            if (m_plan.files.size() >= kMaxFiles)
                failFolder(folder,
                    "at most " + std::to_string(kMaxFiles)
                        + " files were expected, there are more; upload a smaller folder");
            PushFile file;
            file.path = path;
            file.source = entry->path();
            file.bytes = entry->file_size(ignored);
            m_plan.files.push_back(std::move(file));
        }
        if (error)
            failFolder(folder, "it cannot be read (" + error.message() + "); check its rights");
    }

    void addCard()
    {
        const bool has_card = std::any_of(m_plan.files.begin(), m_plan.files.end(),
            [](const PushFile& file) { return file.path == "README.md"; });
        if (has_card || m_plan.request.card.empty())
            return;
        PushFile card;
        card.path = "README.md";
        card.content = m_plan.request.card;
        card.bytes = card.content->size();
        m_plan.files.push_back(std::move(card));
    }

    void hash(PushFile& file)
    {
        ContentDigest sha256(std::string(64, '0'), file.bytes);
        ContentDigest git(std::string(40, '0'), file.bytes);
        const auto add = [&](std::span<const std::byte> bytes) {
            sha256.add(bytes);
            git.add(bytes);
            m_progress.done_bytes += bytes.size();
        };
        m_progress.path = file.path;
        if (file.content) {
            add(std::as_bytes(std::span(*file.content)));
        } else {
            file.modified_ns = modifiedAt(file.source);
            std::ifstream in(file.source, std::ios::binary);
            std::vector<char> block(size_t(std::min<uint64_t>(kBlock, file.bytes)));
            for (uint64_t left = file.bytes; left > 0;) {
                if (m_stop.stop_requested())
                    throw HubError(HubErrorKind::cancelled, "stopped");
                const size_t n = size_t(std::min<uint64_t>(block.size(), left));
                if (!in.read(block.data(), int64_t(n)))
                    failFolder(file.source, "it cannot be read; check its rights and the disk");
                add(std::as_bytes(std::span(block.data(), n)));
                left -= n;
                if (m_on_progress)
                    m_on_progress(m_progress);
            }
        }
        file.sha256 = sha256.hex();
        file.git_oid = git.hex();
    }

    PushPlan& m_plan;
    const PushCallback& m_on_progress;
    std::stop_token m_stop;
    PushProgress m_progress;
};

/// Marks the files that the hub has, with these or other bytes.
void compare(HubClient& client, PushPlan& plan, const std::stop_token& stop)
{
    const std::string& repository = plan.request.repository;
    try {
        plan.parent = client.model(repository, "main", stop).commit;
    } catch (const HubError& error) {
        if (error.kind() != HubErrorKind::repositoryNotFound
            && error.kind() != HubErrorKind::revisionNotFound)
            throw;
        // Without a first commit there is no branch, and nothing to be replaced.
        plan.exists = error.kind() == HubErrorKind::revisionNotFound;
        return;
    }
    plan.exists = true;
    std::map<std::string, RemoteFile> there;
    for (const RemoteFile& file : client.files(repository, plan.parent, stop).files)
        there[file.path] = file;
    for (PushFile& file : plan.files) {
        const auto found = there.find(file.path);
        if (found == there.end())
            continue;
        const RemoteFile& remote = found->second;
        const bool is_same
            = remote.sha256.empty() ? remote.git_oid == file.git_oid : remote.sha256 == file.sha256;
        file.change = is_same ? PushChange::same : PushChange::replaced;
    }
}

} // namespace

PushPlan planPush(HubClient& client, const PushRequest& request, const PushCallback& on_progress,
    const std::stop_token& stop)
{
    checkRepository(request.repository);
    requireToken(client, request.repository);
    PushPlan plan;
    plan.request = request;
    FolderReader(plan, on_progress, stop).read();
    compare(client, plan, stop);
    return plan;
}

} // namespace gorgon
