// SPDX-License-Identifier: Apache-2.0
#include "core/hub/push_folder.h"

#include <algorithm>
#include <fstream>

#include "core/hub/base64.h"
#include "core/hub/hub_names.h"
#include "core/hub/hub_writer.h"
#include "core/hub/retries.h"
#include "core/hub/upload_record.h"

namespace gorgon {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kMaxRefusals = 2; // of one file, by a second host or of what was sent to it
constexpr uint64_t kMaxInlineBytes = uint64_t(64) << 20; // of all small files together

std::string contentOf(const PushFile& file)
{
    if (file.content)
        return *file.content;
    std::ifstream in(file.source, std::ios::binary);
    std::string bytes(file.bytes, '\0');
    if (file.bytes > 0 && !in.read(bytes.data(), int64_t(bytes.size())))
        throw HubError(HubErrorKind::diskFailed,
            file.source.string() + ": it cannot be read any more; check the disk");
    return bytes;
}

class Pusher
{
public:
    Pusher(HubClient& client, const PushPlan& plan, const PushCallback& on_progress,
        std::stop_token stop)
        : m_client(client)
        , m_plan(plan)
        , m_on_progress(on_progress)
        , m_stop(std::move(stop))
        , m_parent(plan.parent)
        , m_writer(client, plan.request.repository, m_stop)
        , m_records(plan.request.state_folder, client.settings().endpoint, plan.request.repository)
    {
    }

    PushResult push()
    {
        m_result.page = m_client.settings().endpoint + "/" + urlPath(m_plan.request.repository);
        m_result.commit = m_plan.parent;
        if (!m_plan.exists) {
            m_result.was_created = m_writer.create(m_plan.request.is_private);
            m_parent = m_client.model(m_plan.request.repository, "main", m_stop).commit;
        }
        std::vector<const PushFile*> files;
        for (const PushFile& file : m_plan.files)
            if (file.change != PushChange::same)
                files.push_back(&file);
        if (files.empty())
            return m_result;
        const std::vector<std::optional<bool>> is_large = m_writer.uploadModes(files);
        m_progress.what = "uploading";
        for (size_t i = 0; i < files.size(); ++i)
            m_progress.total_bytes += is_large[i].value_or(false) ? files[i]->bytes : 0;
        for (size_t i = 0; i < files.size(); ++i)
            if (is_large[i].value_or(false))
                sendLarge(*files[i]);
        commit(files, is_large);
        return m_result;
    }

private:
    void tell(const std::string& path, uint64_t sent_of_file = 0)
    {
        m_progress.path = path;
        m_progress.n_retries = m_writer.retryCount();
        PushProgress progress = m_progress;
        progress.done_bytes += sent_of_file;
        if (m_on_progress)
            m_on_progress(progress);
    }

    /// What was hashed is what is sent.
    void checkUnchanged(const PushFile& file) const
    {
        if (file.content)
            return;
        std::error_code error;
        const bool is_same = fs::file_size(file.source, error) == file.bytes
            && int64_t(fs::last_write_time(file.source, error).time_since_epoch().count())
                == file.modified_ns;
        if (error || !is_same)
            throw HubError(HubErrorKind::diskFailed,
                file.source.string()
                    + ": it was expected to stay as it is, it changed while it was uploaded; "
                      "upload again when it is finished");
    }

    void sendLarge(const PushFile& file)
    {
        tell(file.path);
        std::optional<UploadRecord> record = m_records.find(file);
        for (int n_refusals = 0;;) {
            const LfsAction action = record ? record->action : m_writer.lfsAction(file);
            try {
                if (action.is_here)
                    m_result.kept_bytes += file.bytes;
                else
                    sendBytes(file, action, record);
                finish(file, action);
                return;
            } catch (const HubError& error) {
                if (error.kind() != HubErrorKind::refusedRequest)
                    throw;
                // Its addresses have expired, or a part is not as it was sent: the file begins
                // anew.
                m_records.forget(file.sha256);
                record.reset();
                if (++n_refusals > kMaxRefusals)
                    throw;
            }
        }
    }

    void sendBytes(
        const PushFile& file, const LfsAction& action, const std::optional<UploadRecord>& record)
    {
        if (record) {
            sendParts(file, *record);
        } else if (action.chunk_bytes > 0) {
            sendParts(file,
                {m_client.settings().endpoint, m_plan.request.repository, file.sha256, file.bytes,
                    action, {}});
        } else {
            m_writer.put(action.upload_url, file, 0, file.bytes,
                [&](uint64_t sent) { tell(file.path, sent); });
            m_result.sent_bytes += file.bytes;
        }
    }

    void sendParts(const PushFile& file, UploadRecord record)
    {
        const LfsAction& action = record.action;
        const uint64_t kept = std::min(file.bytes, record.sentBytes());
        uint64_t sent = 0;
        for (size_t i = record.etags.size(); i < action.part_urls.size(); ++i) {
            const uint64_t first = i * action.chunk_bytes;
            const uint64_t n = std::min(action.chunk_bytes, file.bytes - first);
            std::string etag = m_writer.put(m_writer.checkedAddress(action.part_urls[i]), file,
                first, n, [&](uint64_t done) { tell(file.path, first + done); });
            if (etag.empty() || etag.size() > 1000)
                throw HubError(HubErrorKind::badReply,
                    m_plan.request.repository + ": " + file.path
                        + ": a part's ETag was expected, found none; try again");
            record.etags.push_back(std::move(etag));
            sent += n;
            m_records.save(record);
        }
        complete(file, record);
        m_result.kept_bytes += kept;
        m_result.sent_bytes += sent;
    }

    void complete(const PushFile& file, const UploadRecord& record)
    {
        try {
            m_writer.completeParts(
                m_writer.checkedAddress(record.action.upload_url), file.sha256, record.etags);
        } catch (const HubError& error) {
            // A first answer may be lost: then the object is there and its upload gone.
            const int status = error.info().status;
            if (status < 400 || status >= 500 || status == 429)
                throw;
            if (!m_writer.lfsAction(file).is_here) {
                HubErrorInfo info = error.info();
                info.kind = HubErrorKind::refusedRequest;
                throw HubError(std::move(info));
            }
        }
    }

    void finish(const PushFile& file, const LfsAction& action)
    {
        checkUnchanged(file);
        if (!action.verify_url.empty())
            m_writer.verify(m_writer.checkedAddress(action.verify_url), file);
        m_records.forget(file.sha256);
        m_progress.done_bytes += file.bytes;
        tell(file.path);
    }

    json lineOf(const PushFile& file, bool is_large) const
    {
        if (is_large)
            return {{"key", "lfsFile"},
                {"value",
                    {{"path", file.path}, {"algo", "sha256"}, {"oid", file.sha256},
                        {"size", file.bytes}}}};
        return {{"key", "file"},
            {"value",
                {{"content", base64(contentOf(file))}, {"path", file.path},
                    {"encoding", "base64"}}}};
    }

    void commit(
        const std::vector<const PushFile*>& files, const std::vector<std::optional<bool>>& is_large)
    {
        m_progress.what = "committing";
        tell("");
        json header = {{"summary", m_plan.request.message}, {"description", ""}};
        if (!m_parent.empty())
            header["parentCommit"] = m_parent;
        std::vector<json> lines = {{{"key", "header"}, {"value", header}}};
        uint64_t inline_bytes = 0;
        for (size_t i = 0; i < files.size(); ++i) {
            if (!is_large[i])
                continue; // by the repository's own rules
            inline_bytes += *is_large[i] ? 0 : files[i]->bytes;
            if (inline_bytes > kMaxInlineBytes)
                throw HubError(HubErrorKind::refusedRequest,
                    m_plan.request.repository + ": small files of at most "
                        + byteCount(kMaxInlineBytes)
                        + " in all were expected, there are more; upload fewer at a time");
            lines.push_back(lineOf(*files[i], *is_large[i]));
            checkUnchanged(*files[i]);
        }
        if (lines.size() == 1)
            return;
        Retries retries(m_client.clock(), m_client.settings().n_retries);
        for (;;) {
            try {
                m_result.commit = m_writer.commit(lines);
                return;
            } catch (const HubError& error) {
                // Its answer may be lost, not the commit itself.
                const int status = error.info().status;
                const bool is_overtaken = status == 409 || status == 412;
                if ((is_overtaken || isTransient(error.info())) && isCommitted(files, is_large))
                    return;
                if (is_overtaken)
                    throw HubError(HubErrorKind::refusedRequest,
                        m_plan.request.repository
                            + ": somebody else has changed it meanwhile; look at it, then upload "
                              "again");
                retries.wait(error, m_stop);
            }
        }
    }

    bool isCommitted(
        const std::vector<const PushFile*>& files, const std::vector<std::optional<bool>>& is_large)
    {
        try {
            const std::string repository = m_plan.request.repository;
            const std::string head = m_client.model(repository, "main", m_stop).commit;
            if (head == m_parent)
                return false;
            const std::vector<RemoteFile> there = m_client.files(repository, head, m_stop).files;
            for (size_t i = 0; i < files.size(); ++i) {
                const bool is_there = !is_large[i]
                    || std::any_of(there.begin(), there.end(), [&](const RemoteFile& each) {
                           return each.path == files[i]->path
                               && (each.sha256.empty() ? each.git_oid == files[i]->git_oid
                                                       : each.sha256 == files[i]->sha256);
                       });
                if (!is_there)
                    return false;
            }
            m_result.commit = head;
            return true;
        } catch (const HubError& error) {
            if (error.kind() == HubErrorKind::cancelled)
                throw;
            return false;
        }
    }

    HubClient& m_client;
    const PushPlan& m_plan;
    const PushCallback& m_on_progress;
    std::stop_token m_stop;
    std::string m_parent; // commit that ours follows
    HubWriter m_writer;
    UploadRecords m_records;
    PushProgress m_progress;
    PushResult m_result;
};

} // namespace

PushResult pushFolder(HubClient& client, const PushPlan& plan, const PushCallback& on_progress,
    const std::stop_token& stop)
{
    return Pusher(client, plan, on_progress, stop).push();
}

} // namespace gorgon
