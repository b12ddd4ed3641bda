// SPDX-License-Identifier: Apache-2.0
#include "core/hub/fetch_file.h"

#include <mutex>

#include "core/hub/blob_lock.h"
#include "core/hub/content_range.h"
#include "core/hub/damaged_blob.h"
#include "core/hub/disk_room.h"
#include "core/hub/hub_json.h"
#include "core/hub/hub_names.h"
#include "core/hub/partial_file.h"
#include "core/hub/plain_copy.h"
#include "core/hub/retries.h"
#include "core/hub/verified_writer.h"

namespace gorgon {

namespace {

constexpr int kMaxRestarts = 2; // of one try

bool isStrongEtag(std::string_view etag)
{
    return etag.size() > 2 && etag.front() == '"' && etag.back() == '"';
}

class FileFetch
{
public:
    FileFetch(HubClient& client, const HubCache& cache, const FetchRequest& request,
        const std::function<void(const FetchProgress&)>& on_progress, const std::stop_token& stop)
        : m_client(client)
        , m_cache(cache)
        , m_request(request)
        , m_on_progress(on_progress)
        , m_stop(stop)
        , m_what(request.repository + ": " + request.path)
        , m_retries(client.clock(), client.settings().n_retries)
    {
    }

    FetchedFile run();

private:
    bool tryOnce();
    bool hasBlob(const std::string& blob, std::optional<uint64_t> bytes) const;
    bool useBlob(const std::string& blob, uint64_t bytes);
    void open(const FileMetadata& metadata, uint64_t bytes);
    void adopt();
    void beginAnew();
    uint64_t sizeOf(const FileMetadata& metadata);
    void copyFromSnapshots();
    void transfer(const std::string& url);
    bool accept(const HttpReply& reply, uint64_t offset, const Url& from, bool& restart);
    void receive(std::span<const std::byte> bytes);
    void report(DownloadState state, std::string message = {});
    void keep() noexcept;
    [[noreturn]] void fail(HubErrorKind kind, const std::string& sentence) const;

    HubClient& m_client;
    const HubCache& m_cache;
    const FetchRequest& m_request;
    const std::function<void(const FetchProgress&)>& m_on_progress;
    const std::stop_token& m_stop;
    const std::string m_what;
    Retries m_retries;

    FetchedFile m_result;
    FetchProgress m_progress;
    std::optional<CacheFolder> m_blobs;
    OpenFile m_lock;
    std::mutex m_partial_mutex; // the writer's thread notes checkpoints
    std::optional<PartialFile> m_partial;
    std::optional<VerifiedWriter> m_writer; // after what it writes to: it ends first
    uint64_t m_bytes = 0;
    uint64_t m_most_bytes = 0; // that any try has reached
    bool m_has_appended = false; // to bytes of another reply
    int m_n_mismatches = 0;
};

void FileFetch::fail(HubErrorKind kind, const std::string& sentence) const
{
    throw HubError(kind, m_what + ": " + sentence);
}

void FileFetch::report(DownloadState state, std::string message)
{
    m_progress.state = state;
    m_progress.message = std::move(message);
    m_progress.n_retries = m_retries.count();
    if (m_writer)
        m_progress.done_bytes = m_writer->doneBytes();
    if (m_on_progress)
        m_on_progress(m_progress);
}

/// Whole and, as far as that is known, sound.
bool FileFetch::hasBlob(const std::string& blob, std::optional<uint64_t> bytes) const
{
    const auto entry = m_blobs->entry(blob);
    if (entry && entry->kind != FolderEntry::Kind::file)
        throw HubError(HubErrorKind::unsafeCache,
            (m_blobs->path() / blob).string()
                + ": a file was expected, a link or something else was found; remove it or choose "
                  "another cache folder");
    return entry && entry->bytes == bytes.value_or(entry->bytes) && !isDamaged(*m_blobs, *entry);
}

/// False where it was taken away in between.
bool FileFetch::useBlob(const std::string& blob, uint64_t bytes)
{
    if (!m_cache.linkFile(m_request.repository, m_request.commit, m_request.path, blob))
        return false;
    m_result.blob = blob;
    m_result.bytes = bytes;
    m_progress.total_bytes = m_progress.done_bytes = bytes;
    m_writer.reset();
    if (m_partial) { // another was first
        m_partial->discard();
        m_partial.reset();
    }
    report(DownloadState::done);
    return true;
}

uint64_t FileFetch::sizeOf(const FileMetadata& metadata)
{
    if (metadata.bytes && m_request.bytes && *metadata.bytes != *m_request.bytes)
        fail(HubErrorKind::badReply,
            "the listing's " + std::to_string(*m_request.bytes)
                + " bytes were expected, the server has " + std::to_string(*metadata.bytes)
                + "; try again or change the mirror");
    if (metadata.bytes)
        return *metadata.bytes;
    if (m_request.bytes)
        return *m_request.bytes;
    std::optional<uint64_t> bytes;
    HttpRequest request;
    request.url = metadata.content_url;
    request.on_headers = [&](const HttpReply& reply) {
        bytes = reply.contentLength();
        return false;
    };
    m_client.follow(std::move(request), m_what, m_stop);
    if (!bytes || *bytes > kMaxFileBytes)
        fail(HubErrorKind::badReply,
            "its size was expected, the server does not say it; try again or change the mirror");
    return *bytes;
}

void FileFetch::open(const FileMetadata& metadata, uint64_t bytes)
{
    if (m_partial && m_partial->record().etag == metadata.etag && m_bytes == bytes)
        return; // hashed already
    m_writer.reset();
    m_partial.reset();
    m_bytes = m_progress.total_bytes = bytes;
    PartialRecord record;
    record.repository = m_request.repository;
    record.revision = m_request.revision;
    record.commit = m_request.commit;
    record.path = m_request.path;
    record.etag = metadata.etag;
    record.bytes = bytes;
    m_partial.emplace(PartialFile::take(*m_blobs, std::move(record)));
    checkRoom(*m_blobs, m_what, bytes - m_partial->usableBytes());
    VerifiedWriter::Options options;
    options.etag = metadata.etag;
    options.bytes = bytes;
    options.on_checkpoint = [this](uint64_t n, const std::string& digest) {
        const std::lock_guard lock(m_partial_mutex);
        m_partial->save(n, digest);
    };
    m_writer.emplace(m_partial->descriptor(), m_blobs->path() / metadata.etag, std::move(options));
    try {
        adopt();
    } catch (...) {
        m_writer.reset(); // hashed in part: nothing to keep
        m_partial.reset();
        throw;
    }
}

void FileFetch::adopt()
{
    const uint64_t usable = m_partial->usableBytes();
    const uint64_t synced = m_partial->record().synced_bytes;
    if (usable == 0)
        return;
    std::string digest;
    m_writer->adopt(
        usable, synced, digest,
        [this](uint64_t done) {
            m_progress.done_bytes = done;
            m_progress.state = DownloadState::checking;
            if (m_on_progress)
                m_on_progress(m_progress);
        },
        m_stop);
    m_has_appended = true;
    m_result.n_resumed = usable;
    if (synced > 0 && synced <= usable && digest != m_partial->record().synced_digest)
        beginAnew(); // the disk has changed what was on it
}

void FileFetch::beginAnew()
{
    m_writer->restart();
    const std::lock_guard lock(m_partial_mutex);
    m_partial->truncate();
    m_has_appended = false;
    m_result.n_resumed = 0;
}

bool FileFetch::accept(const HttpReply& reply, uint64_t offset, const Url& from, bool& restart)
{
    const std::string etag(reply.headers.get("etag"));
    const std::string place = from.place();
    if (reply.status == 416) {
        restart = true;
        return false;
    }
    if (reply.status == 206) {
        if (offset == 0)
            fail(HubErrorKind::badReply,
                "the whole file was expected, a part was sent unasked; try again or change the "
                "mirror");
        const auto range = parseContentRange(reply.headers.get("content-range"));
        const bool is_right = range && range->first == offset && range->last < m_bytes
            && range->total.value_or(m_bytes) == m_bytes;
        const PartialRecord& record = m_partial->record();
        const bool has_changed = record.content_place == place && isStrongEtag(etag)
            && !record.content_etag.empty() && record.content_etag != etag;
        restart = !is_right || has_changed;
        m_has_appended = m_has_appended || !restart;
        return !restart;
    }
    if (reply.status != 200)
        fail(HubErrorKind::badReply,
            "its bytes were expected, status " + std::to_string(reply.status)
                + " was found; try again or change the mirror");
    if (const auto length = reply.contentLength(); length && *length != m_bytes)
        fail(HubErrorKind::badReply,
            std::to_string(m_bytes) + " bytes were expected, the server sends "
                + std::to_string(*length) + "; try again or change the mirror");
    if (offset > 0)
        beginAnew(); // the server took no notice of the range, or the file has changed
    const std::lock_guard lock(m_partial_mutex);
    m_partial->setContent(isStrongEtag(etag) ? etag : "", place);
    return true;
}

void FileFetch::receive(std::span<const std::byte> bytes)
{
    if (bytes.size() > m_bytes - m_writer->addedBytes())
        fail(HubErrorKind::badReply,
            std::to_string(m_bytes)
                + " bytes were expected, the server sends more; try again or change the mirror");
    m_writer->add(bytes);
    // Bytes that were here before are no progress: a server that always ends at the same one would
    // be asked for ever.
    if (m_writer->addedBytes() > m_most_bytes) {
        m_most_bytes = m_writer->addedBytes();
        m_retries.reset();
    }
    m_progress.n_received += bytes.size();
    report(DownloadState::downloading);
}

void FileFetch::transfer(const std::string& url)
{
    for (int n_restarts = 0; m_writer->addedBytes() < m_bytes;) {
        const uint64_t offset = m_writer->addedBytes();
        bool restart = false;
        Url from = parseUrl(url);
        HttpRequest request;
        request.url = url;
        if (offset > 0) {
            request.headers.emplace_back("Range", "bytes=" + std::to_string(offset) + "-");
            // Only to the server that gave the ETag: another would send everything again.
            const PartialRecord& record = m_partial->record();
            if (!record.content_etag.empty() && record.content_place == from.place())
                request.headers.emplace_back("If-Range", record.content_etag);
        }
        request.on_headers
            = [&](const HttpReply& reply) { return accept(reply, offset, from, restart); };
        request.sink = [this](std::span<const std::byte> bytes) { receive(bytes); };
        m_client.follow(std::move(request), m_what, m_stop, &from);
        if (restart) {
            if (++n_restarts > kMaxRestarts)
                fail(HubErrorKind::badReply,
                    "the rest of the file was expected, the server sends other parts; try again or "
                    "change the mirror");
            beginAnew();
        } else if (m_writer->addedBytes() < m_bytes)
            fail(HubErrorKind::noNetwork,
                std::to_string(m_bytes) + " bytes were expected, the connection ended after "
                    + std::to_string(m_writer->addedBytes()) + "; try again");
    }
}

/// Where there are no links a snapshot holds the files themselves, and another name of these bytes
/// has them.
void FileFetch::copyFromSnapshots()
{
    if (m_writer->addedBytes() == m_bytes)
        return;
    const auto on_bytes = [this] { report(DownloadState::checking); };
    const auto found = findPlainCopy(
        m_cache, m_request.repository, m_partial->record().etag, m_bytes, on_bytes, m_stop);
    if (!found)
        return;
    beginAnew();
    m_has_appended = true; // what is read now may not be what was hashed
    readAll(*found, [this](std::span<const std::byte> bytes) {
        if (bytes.size() <= m_bytes - m_writer->addedBytes())
            m_writer->add(bytes);
        report(DownloadState::downloading);
        return !m_stop.stop_requested();
    });
}

/// False where the file was taken away in between.
bool FileFetch::tryOnce()
{
    const FileMetadata metadata
        = m_client.metadata(m_request.repository, m_request.commit, m_request.path, m_stop);
    const uint64_t bytes = sizeOf(metadata);
    const auto is_there = [&] { return hasBlob(metadata.etag, bytes); };
    if (!is_there() && !m_lock)
        m_lock = takeBlobLock(
            m_cache, m_request.repository, *m_blobs, metadata.etag, is_there,
            [this] { report(DownloadState::waiting, "another program is downloading this file"); },
            m_stop);
    if (is_there())
        return useBlob(metadata.etag, bytes);
    open(metadata, bytes);
    copyFromSnapshots();
    for (;;) {
        transfer(metadata.content_url);
        m_writer->flush();
        if (m_writer->digest() == metadata.etag)
            break;
        // Once: the fault may lie in what was there before.
        const bool may_be_stale = m_has_appended && m_n_mismatches++ == 0;
        beginAnew();
        if (!may_be_stale) {
            m_writer.reset();
            m_partial->discard();
            m_partial.reset();
            fail(HubErrorKind::wrongContent,
                "content with the hash " + metadata.etag.substr(0, 12)
                    + "... was expected, other bytes came, and were dropped; try again or change "
                      "the mirror");
        }
    }
    report(DownloadState::downloading);
    m_writer.reset();
    const bool is_named = m_partial->finish();
    m_partial.reset();
    if (is_named)
        forgetDamage(*m_blobs, metadata.etag);
    return is_named && useBlob(metadata.etag, bytes);
}

/// So that the next run need not rely on what the kernel kept.
void FileFetch::keep() noexcept
{
    try {
        if (m_writer)
            m_writer->checkpoint();
    } catch (...) {
        // The record before it holds.
    }
}

FetchedFile FileFetch::run()
{
    checkRepository(m_request.repository);
    checkPath(m_request.path);
    if (!isCommit(m_request.commit))
        fail(HubErrorKind::badName,
            "a commit was expected, found \"" + printable(m_request.commit, 60)
                + "\"; resolve the revision first");
    m_result.path = m_cache.root() / cacheFolderName(m_request.repository) / "snapshots"
        / m_request.commit / m_request.path;
    const auto file = m_cache.file(m_request.repository, m_request.commit, m_request.path);
    if (file && file->bytes == m_request.bytes.value_or(file->bytes)) {
        m_result.blob = file->blob;
        m_result.bytes = file->bytes;
        m_result.was_cached = true;
        m_progress.total_bytes = m_progress.done_bytes = file->bytes;
        report(DownloadState::done);
        return m_result;
    }
    m_blobs.emplace(m_cache.makeRepository(m_request.repository).make("blobs"));
    if (isContentHash(m_request.etag) && hasBlob(m_request.etag, m_request.bytes)) {
        const auto blob = m_blobs->entry(m_request.etag);
        if (blob && useBlob(m_request.etag, blob->bytes)) {
            m_result.was_cached = true;
            return m_result;
        }
    }
    m_progress.total_bytes = m_request.bytes.value_or(0);
    try {
        for (;;) {
            try {
                if (tryOnce())
                    break;
            } catch (const HubError& error) {
                m_retries.wait(error, m_stop, [&](int wait_ms) {
                    report(DownloadState::waiting,
                        "trying again in " + std::to_string((wait_ms + 999) / 1000)
                            + " s: " + error.what());
                });
            }
        }
    } catch (const HubError& error) {
        keep();
        if (error.kind() == HubErrorKind::entryNotFound)
            m_cache.rememberAbsent(m_request.repository, m_request.commit, m_request.path);
        throw;
    }
    m_result.n_received = m_progress.n_received;
    return m_result;
}

} // namespace

FetchedFile fetchFile(HubClient& client, const HubCache& cache, const FetchRequest& request,
    const std::function<void(const FetchProgress&)>& on_progress, const std::stop_token& stop)
{
    return FileFetch(client, cache, request, on_progress, stop).run();
}

} // namespace gorgon
